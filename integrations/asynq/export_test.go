package retrywiseasynq

import (
	"log/slog"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/retrywise/retrywise/jobs"
)

func open(t *testing.T, r asynq.RedisConnOpt) redis.UniversalClient {
	t.Helper()
	rdb, _ := r.MakeRedisClient().(redis.UniversalClient)
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// NewQueue returns a queue as an Adapter has it.
func NewQueue(t *testing.T, r asynq.RedisConnOpt, name string) jobs.Queue {
	t.Helper()
	return &queue{open(t, r), name}
}

// A Late is that of an Adapter, without its goroutine.
type Late struct{ late }

// NewLate returns a Late.
func NewLate(t *testing.T, r asynq.RedisConnOpt) *Late {
	t.Helper()
	rdb := open(t, r)
	return &Late{late{rdb: rdb, inspector: asynq.NewInspectorFromRedisClient(rdb), logger: slog.New(slog.DiscardHandler)}}
}

// Add has a task run from the archive.
func (l *Late) Add(t *testing.T, queue, id string, at time.Time) {
	t.Helper()
	if err := l.add(t.Context(), run{queue: queue, id: id}, at); err != nil {
		t.Fatal(err)
	}
}

// RunDue runs what is due.
func (l *Late) RunDue(t *testing.T) {
	t.Helper()
	if err := l.runDue(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
}

// Names returns what waits.
func (l *Late) Names(t *testing.T) []string {
	t.Helper()
	names, err := l.rdb.ZRange(t.Context(), lateKey, 0, -1).Result()
	if err != nil {
		t.Fatal(err)
	}
	return names
}
