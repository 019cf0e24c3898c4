package retrywiseasynq

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// asynq archives a task that fails and has no attempts left, also one that has only been delayed.
// late runs these again from the archive when they are due, in any process.
type late struct {
	rdb       redis.UniversalClient
	inspector *asynq.Inspector
	logger    *slog.Logger
	cancel    context.CancelFunc
	ended     chan struct{}
}

// lateKey has such tasks, with the time from which on they are run, in seconds.
const lateKey = "retrywise:late"

func newLate(rdb redis.UniversalClient, logger *slog.Logger, interval time.Duration) *late {
	ctx, cancel := context.WithCancel(context.Background())
	l := &late{rdb, asynq.NewInspectorFromRedisClient(rdb), logger, cancel, make(chan struct{})}
	go l.loop(ctx, interval)
	return l
}

func (l *late) close() {
	l.cancel()
	<-l.ended
}

func (l *late) loop(ctx context.Context, interval time.Duration) {
	defer close(l.ended)
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := l.runDue(ctx, time.Now()); err != nil && ctx.Err() == nil {
				l.logger.Warn("archived tasks that are due were not run", "error", err)
			}
		}
	}
}

// nameOf returns the member for a task. A queue's name may have any character, an id too.
func nameOf(queue, id string) string { return strconv.Itoa(len(queue)) + ":" + queue + id }

func parseName(name string) (queue, id string, ok bool) {
	length, rest, _ := strings.Cut(name, ":")
	n, err := strconv.Atoi(length)
	if err != nil || n < 0 || n > len(rest) {
		return "", "", false
	}
	return rest[:n], rest[n:], true
}

// add has a task run again at a time.
func (l *late) add(ctx context.Context, r run, at time.Time) error {
	return l.rdb.ZAdd(ctx, lateKey, redis.Z{Score: float64(at.Unix()), Member: nameOf(r.queue, r.id)}).Err()
}

// remove is called when a task runs.
func (l *late) remove(ctx context.Context, r run) error {
	return l.rdb.ZRem(ctx, lateKey, nameOf(r.queue, r.id)).Err()
}

// runDue runs the tasks that are due, up to 100.
func (l *late) runDue(ctx context.Context, now time.Time) error {
	due, err := l.rdb.ZRangeByScoreWithScores(ctx, lateKey, &redis.ZRangeBy{Min: "-inf", Max: strconv.FormatInt(now.Unix(), 10), Count: 100}).Result()
	if err != nil {
		return err
	}
	var failed []error
	for _, z := range due {
		name := fmt.Sprint(z.Member)
		if queue, id, ok := parseName(name); ok && !l.runNow(queue, id) {
			continue
		}
		failed = append(failed, l.rdb.Eval(ctx, removeScript, []string{lateKey}, name, z.Score).Err())
	}
	return errors.Join(failed...)
}

// runNow runs an archived task. It reports false if the task is still on its way to the archive, or
// Redis failed.
func (l *late) runNow(queue, id string) bool {
	task, err := l.inspector.GetTaskInfo(queue, id)
	switch {
	case errors.Is(err, asynq.ErrTaskNotFound), errors.Is(err, asynq.ErrQueueNotFound):
		return true // somebody deleted it
	case err != nil || task.State == asynq.TaskStateActive:
		return false
	case task.State == asynq.TaskStateArchived:
		return l.inspector.RunTask(queue, id) == nil
	default:
		return true // somebody runs it
	}
}

// removeScript removes a task unless it was added again meanwhile.
const removeScript = `
if tonumber(redis.call("ZSCORE", KEYS[1], ARGV[1]) or "") == tonumber(ARGV[2]) then
	redis.call("ZREM", KEYS[1], ARGV[1])
end
return 0
`
