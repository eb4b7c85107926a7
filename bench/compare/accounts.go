package main

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // SCRAM-SHA-1
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"parley/bench/parley"
	"parley/test/faults/target"
)

// Servers take about 10 ms to register somebody, which is most of it to hash a
// password. Where thousands are needed they are written into the store before
// the server starts, all with one set of keys.

// fill makes n accounts in the store of a server of the given kind, in dir.
func fill(ctx context.Context, kind, dir string, n int) error {
	switch kind {
	case "prosody":
		return fillProsody(dir, n)
	case "ejabberd":
		return fillEjabberd(ctx, dir, n)
	case "parley":
		return parley.Fill(ctx, filepath.Join(dir, "data"), prefix, password, n)
	}
	return nil
}

const iterations = 4096

// keys are what a server keeps of a password (RFC 5802 §3).
type keys struct{ salt, stored, server []byte }

func newKeys() (k keys, err error) {
	k.salt = []byte("of the benchmark")
	salted, err := pbkdf2.Key(sha1.New, password, k.salt, iterations, sha1.Size)
	if err != nil {
		return k, err
	}
	sign := func(text string) []byte {
		m := hmac.New(sha1.New, salted)
		m.Write([]byte(text))
		return m.Sum(nil)
	}
	sum := sha1.Sum(sign("Client Key")) //nolint:gosec // SCRAM-SHA-1
	k.stored, k.server = sum[:], sign("Server Key")
	return k, nil
}

// fillProsody writes the files of its internal storage.
func fillProsody(dir string, n int) error {
	k, err := newKeys()
	if err != nil {
		return err
	}
	folder := filepath.Join(dir, "data", target.Domain, "accounts")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	text := fmt.Appendf(nil, "return {\n\t[\"iteration_count\"] = %d;\n\t[\"salt\"] = %q;\n\t[\"stored_key\"] = \"%x\";\n\t[\"server_key\"] = \"%x\";\n};\n",
		iterations, k.salt, k.stored, k.server)
	for i := range n {
		if err := os.WriteFile(filepath.Join(folder, prefix+strconv.Itoa(i)+".dat"), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// mnesiaFill makes the table that ejabberd keeps passwords in.
const mnesiaFill = `ok = mnesia:create_schema([node()]), ok = mnesia:start(),
{atomic, ok} = mnesia:create_table(passwd, [{disc_copies, [node()]}, {attributes, [us, password]}]),
[ok = mnesia:dirty_write({passwd, {iolist_to_binary([<<"%s">>, integer_to_list(I)]), <<"%s">>},
	{scram, <<"%s">>, <<"%s">>, <<"%s">>, sha, %d}}) || I <- lists:seq(0, %d)],
stopped = mnesia:stop(), halt(0).`

func fillEjabberd(ctx context.Context, dir string, n int) error {
	k, err := newKeys()
	if err != nil {
		return err
	}
	text := base64.StdEncoding.EncodeToString
	cmd := exec.CommandContext(ctx, "erl", "-noinput", "-mnesia", "dir", strconv.Quote(filepath.Join(dir, "data")), "-eval",
		strings.ReplaceAll(fmt.Sprintf(mnesiaFill, prefix, target.Domain, text(k.stored), text(k.server), text(k.salt), iterations, n-1), "\n", " "))
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("filling ejabberd's store: %w\n%s", err, out)
	}
	return nil
}
