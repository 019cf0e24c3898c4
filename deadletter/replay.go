package deadletter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"sync"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// ReplayOptions say what Replay does with letters. Only Send is required. With more than one
// worker, the functions are called concurrently; none of them may call Compact or Close of
// the Writer.
type ReplayOptions struct {
	// Send sends a record again, with the letter's IdempotencyKey. Its error becomes a new letter.
	// If the key alone makes that safe, ctx ends before the vendor forgets it.
	Send func(ctx context.Context, l Letter) error

	// LookUp finds out whether the vendor has the record of a letter that is in doubt: Applied and
	// Begun say why. AppliedYes settles the letter. AppliedNo is a proof that the vendor does not
	// have it and will not: reads are consistent, and no request can still be executing, such as
	// some time after At or Begun; then the letter is treated as one that was not applied.
	// AppliedUnknown, or an error, leaves it in doubt. nil: all such letters are left.
	LookUp func(ctx context.Context, l Letter) (apierrors.Applied, error)

	// Mend returns the letter of a record that the vendor refused as it is to be sent now, such as
	// with another Payload, or false if nobody mended it. Give it another IdempotencyKey, if it has
	// one: the vendor knows the old one for the refused record. nil: such letters are left.
	Mend func(l Letter) (mended Letter, ok bool)

	// Select chooses the letters. nil: all.
	Select func(l Letter) bool

	// Wait is how long Replay waits until a letter may be sent, by its RetryAt. Other letters wait
	// behind it. Zero: it does not wait, and leaves the letter.
	Wait time.Duration

	// Workers is how many letters are sent at a time. Zero means one. Letters of the same record
	// are sent one after the other.
	Workers int

	// Observe is called for each letter. err is that of Send or LookUp. nil: no call.
	Observe func(l Letter, o Outcome, err error)
}

// Replay goes through the open letters of a Writer's file, in order, and sends those that may be
// sent. It returns how many had which outcome.
//
//   - A letter whose record may have been executed is not sent, unless it is repeatable or its key
//     is valid for another minute. It is looked up.
//   - A letter whose record was refused (action surface) is left, unless Mend returns it.
//   - A letter before its RetryAt waits, or is left.
//   - Any other is sent.
//
// What was sent or found leaves the file. What fails again is a new letter. If one is left, later
// letters of the same record are sent all the same; Select can leave these, too.
//
// Replay may be killed at any moment and started again: see the documentation of the package. It
// ends early, and returns an error, if ctx ends, if the file cannot be read or written, and after
// a failure that every letter would meet (action fail_fast). Letters that are being sent then are
// sent to their end. At the end, Replay removes from the file what is settled.
func Replay(ctx context.Context, w *Writer, o ReplayOptions) (map[Outcome]int, error) {
	if o.Send == nil {
		return nil, errors.New("deadletter: ReplayOptions.Send is nil")
	}
	if err := w.beginReplay(); err != nil {
		return nil, err
	}
	defer w.endReplay()
	waits, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &replay{w: w, o: o, waits: waits, endWaits: cancel, counts: map[Outcome]int{}}
	if isRead := r.run(ctx); isRead {
		r.check(w.Compact())
	}
	return r.counts, r.err
}

// beginReplay has one replay run at a time, as two would send letters twice.
func (w *Writer) beginReplay() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.isReplaying {
		return fmt.Errorf("deadletter: a replay of %s is under way", w.name)
	}
	if w.broken != nil {
		return w.broken
	}
	w.isReplaying = true
	return nil
}

func (w *Writer) endReplay() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.isReplaying = false
	maps.DeleteFunc(w.delivering, func(_ string, isSending bool) bool { return !isSending })
}

// A replay is a run of Replay.
type replay struct {
	w *Writer
	o ReplayOptions

	waits    context.Context // of the waits for RetryAt
	endWaits func()

	mu     sync.Mutex // guards the fields below
	counts map[Outcome]int
	err    error // why the replay ends early; nil: it goes on
}

// run hands the open letters to workers, those of one record to the same one. It reports whether
// the file could be read.
func (r *replay) run(ctx context.Context) (isRead bool) {
	isRead = true
	workers := make([]chan Letter, max(r.o.Workers, 1))
	var all sync.WaitGroup
	for i := range workers {
		workers[i] = make(chan Letter)
		all.Go(func() {
			for l := range workers[i] {
				if !r.isStopped(ctx) {
					r.handle(ctx, l)
				}
			}
		})
	}
	for l, err := range Letters(r.w.name) {
		if err != nil {
			isRead = false
			r.stop(err)
		}
		if r.isStopped(ctx) {
			break
		}
		workers[shardOf(l, len(workers))] <- l
	}
	for _, letters := range workers {
		close(letters)
	}
	all.Wait()
	return isRead
}

// shardOf returns the number of the worker for a letter.
func shardOf(l Letter, workers int) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(cmp.Or(l.Record, l.ID)))
	return int(h.Sum32() % uint32(workers))
}

// stop has the replay end early.
func (r *replay) stop(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = errors.Join(r.err, err)
	r.endWaits()
}

// isStopped reports whether no further letter is to be begun.
func (r *replay) isStopped(ctx context.Context) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil && ctx.Err() != nil {
		r.err = fmt.Errorf("deadletter: the replay was stopped: %w", context.Cause(ctx))
	}
	return r.err != nil
}

// handle does with a letter what may be done, and counts it.
func (r *replay) handle(ctx context.Context, l Letter) {
	if r.w.isOfDeliver(l.ID) || r.o.Select != nil && !r.o.Select(l) {
		r.count(l, Left, nil)
		return
	}
	outcome, err := r.deliver(ctx, l)
	if e, ok := errors.AsType[*apierrors.Error](err); ok && e.Action == apierrors.FailFast {
		r.stop(fmt.Errorf("deadletter: the replay was stopped, as every letter would fail: %w", e))
	}
	r.count(l, outcome, err)
}

func (r *replay) count(l Letter, o Outcome, err error) {
	r.mu.Lock()
	r.counts[o]++
	r.mu.Unlock()
	if r.o.Observe != nil {
		r.o.Observe(l, o, err)
	}
}
