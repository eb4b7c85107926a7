package xmpptest_test

import (
	"testing"

	"go.uber.org/goleak"

	"parley/internal/pgtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Wrap(m)) }
