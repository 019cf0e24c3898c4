package retrywiseriver

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"
)

// A queue is a jobs.Queue. The metadata of River's queue says until when it is paused, so that
// every process knows.
type queue[TTx any] struct {
	name   string
	driver riverdriver.Driver[TTx]
	client *river.Client[TTx] // works on no queue
}

// A pause is ours if it began when the metadata says so. Otherwise a person has paused the queue.
type pause struct {
	Until    time.Time `json:"until"`
	PausedAt time.Time `json:"paused_at"`
}

// A job waits for holdFor until its own process has paused the queue. A client that polls does so
// within two seconds. One that has just started may not listen yet, so it is notified again.
const (
	holdFor   = 3 * time.Second
	tellAfter = 300 * time.Millisecond
)

// PausedUntil implements jobs.Queue.
func (q *queue[TTx]) PausedUntil(ctx context.Context) (time.Time, error) {
	row, err := q.client.QueueGet(ctx, q.name)
	if errors.Is(err, rivertype.ErrNotFound) { // no process has worked on it
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	return pauseOf(row).Until, nil
}

// Pause implements jobs.Queue. It returns once the client of ctx starts no more jobs.
func (q *queue[TTx]) Pause(ctx context.Context, until time.Time) error {
	var events <-chan *river.Event // nil: ctx has no client
	if c, err := river.ClientFromContextSafely[TTx](ctx); err == nil {
		var cancel func()
		events, cancel = c.Subscribe(river.EventKindQueuePaused)
		defer cancel()
	}
	err := q.change(ctx, func(tx TTx, row *rivertype.Queue) error {
		p := pauseOf(row)
		if row.PausedAt != nil && (p.Until.IsZero() || time.Now().Before(p.Until)) {
			return nil // by a person, or by another process
		}
		if err := q.client.QueuePauseTx(ctx, tx, q.name, nil); err != nil {
			return err
		}
		row, err := q.client.QueueGetTx(ctx, tx, q.name)
		if err != nil {
			return err
		}
		return q.mark(ctx, tx, row, &pause{Until: until.UTC(), PausedAt: *row.PausedAt})
	})
	if err != nil || events == nil {
		return err
	}
	return q.hold(ctx, events)
}

// hold waits until a client says by events that it has noticed the pause. One that had noticed it
// before says so no more; it starts no jobs meanwhile.
func (q *queue[TTx]) hold(ctx context.Context, events <-chan *river.Event) error {
	ctx, cancel := context.WithTimeout(ctx, holdFor)
	defer cancel()
	again := time.NewTicker(tellAfter)
	defer again.Stop()
	for {
		select {
		case e := <-events:
			if e == nil || e.Queue.Name == q.name {
				return nil
			}
		case <-again.C:
			if err := q.change(ctx, func(tx TTx, row *rivertype.Queue) error { return q.tell(ctx, tx, row) }); err != nil && ctx.Err() == nil {
				return err
			}
		case <-ctx.Done():
			return nil // the pause holds
		}
	}
}

// tell tells all clients again that the queue is paused, if it is.
func (q *queue[TTx]) tell(ctx context.Context, tx TTx, row *rivertype.Queue) error {
	if row.PausedAt == nil {
		return nil
	}
	return q.client.QueuePauseTx(ctx, tx, q.name, nil)
}

// Resume implements jobs.Queue.
func (q *queue[TTx]) Resume(ctx context.Context) error {
	return q.change(ctx, func(tx TTx, row *rivertype.Queue) error {
		if pauseOf(row).Until.IsZero() {
			return nil
		}
		if err := q.client.QueueResumeTx(ctx, tx, q.name, nil); err != nil {
			return err
		}
		return q.mark(ctx, tx, row, nil)
	})
}

// change runs f in a transaction that has locked the row of the queue.
func (q *queue[TTx]) change(ctx context.Context, f func(TTx, *rivertype.Queue) error) error {
	begun, err := q.driver.GetExecutor().Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = begun.Rollback(context.WithoutCancel(ctx)) }()
	tx := q.driver.UnwrapTx(begun)
	row, err := q.client.QueueUpdateTx(ctx, tx, q.name, &river.QueueUpdateParams{})
	if err != nil {
		return err
	}
	if err := f(tx, row); err != nil {
		return err
	}
	return begun.Commit(ctx)
}

// mark writes p, or nothing if it is nil, beside what else the metadata of the queue has.
func (q *queue[TTx]) mark(ctx context.Context, tx TTx, row *rivertype.Queue, p *pause) error {
	metadata := map[string]any{}
	if err := json.Unmarshal(row.Metadata, &metadata); err != nil {
		return err
	}
	delete(metadata, metadataKey)
	if p != nil {
		metadata[metadataKey] = p
	}
	text, err := json.Marshal(metadata)
	if err != nil {
		return err
	}
	_, err = q.client.QueueUpdateTx(ctx, tx, q.name, &river.QueueUpdateParams{Metadata: text})
	return err
}

// pauseOf returns our pause of a queue. It is zero if there is none.
func pauseOf(row *rivertype.Queue) pause {
	var metadata struct {
		Pause pause `json:"retrywise"`
	}
	err := json.Unmarshal(row.Metadata, &metadata)
	if err != nil || row.PausedAt == nil || !row.PausedAt.Equal(metadata.Pause.PausedAt) {
		return pause{}
	}
	return metadata.Pause
}
