// Command commit measures what it costs to store messages: durable messages a
// second and CPU time for each, the database's processes included, by the number
// of senders and on both engines, with the batches the committer makes and with
// batches of one.
//
// A message is what the server makes of one between two users: a row of the
// sender's archive, one of the recipient's that waits for delivery, and later
// the note that it was delivered. A sender waits for both rows to be on the disk
// before it sends the next.
//
// It needs Linux. Postgres is a private server from the installed binaries,
// with fsync on and its own defaults otherwise.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

type options struct {
	engines, batches []string
	senders          []int
	duration         time.Duration
	folder, profile  string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "commit:", err)
		os.Exit(1)
	}
}

func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet("commit", flag.ContinueOnError)
	engines := flags.String("engines", "postgres,sqlite", "what to measure")
	batches := flags.String("batches", "grouped,single", "batches as they come, and batches of one")
	senders := flags.String("senders", "1,10,100,1000", "how many send at once")
	flags.DurationVar(&o.duration, "duration", 5*time.Second, "of each measurement")
	flags.StringVar(&o.folder, "folder", "", "where the databases live; empty: the folder for temporary files")
	flags.StringVar(&o.profile, "profile", "", "write a CPU profile of this process to the file")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.engines, o.batches = strings.Split(*engines, ","), strings.Split(*batches, ",")
	for _, s := range strings.Split(*senders, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return o, fmt.Errorf("-senders: %q is no number of senders", s)
		}
		o.senders = append(o.senders, n)
	}
	return o, nil
}

func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	if o.profile != "" {
		f, err := os.Create(o.profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "engine\tbatches\tsenders\tmessages/s\tCPU/message\twrites/batch\tcommit p50\tcommit p99\twait p50\twait p99")
	for _, engine := range o.engines {
		if err := measureEngine(ctx, w, engine, o); err != nil {
			return fmt.Errorf("%s: %w", engine, err)
		}
	}
	return w.Flush()
}

func measureEngine(ctx context.Context, w *tabwriter.Writer, engine string, o options) error {
	d, err := start(engine, o.folder)
	if err != nil {
		return err
	}
	defer d.remove()
	for _, batches := range o.batches {
		for _, senders := range o.senders {
			r, err := measure(ctx, d, batches == "single", senders, o.duration)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "%s\t%s\t%d\t%s\n", engine, batches, senders, r)
			if err := w.Flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// quantile of durations, which it sorts.
func quantile(all []time.Duration, q float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[min(int(q*float64(len(all))), len(all)-1)]
}
