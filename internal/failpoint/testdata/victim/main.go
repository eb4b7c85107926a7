// Command victim passes points until it is killed.
package main

import (
	"fmt"
	"time"

	"parley/internal/failpoint"
)

func main() {
	fmt.Println("skew", int(time.Until(failpoint.Now()).Round(time.Hour).Hours()))
	for i := range 5 {
		failpoint.Reach(failpoint.BeforeCommit)
		failpoint.Reach(failpoint.AfterCommit)
		fmt.Println("committed", i)
	}
}
