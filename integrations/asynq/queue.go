package retrywiseasynq

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// A queue is a jobs.Queue. Its pause is the key that asynq's own pause has, so that every server,
// the inspector and the UI see it. The value says that it is ours and until when it lasts. The key
// also expires then, so that a pause ends even if no process is left. Times are those of the
// server of Redis.
type queue struct {
	rdb  redis.UniversalClient
	name string
}

func (q *queue) key() string { return "asynq:{" + q.name + "}:paused" }

// mark begins the value of a pause of ours. The time follows it, in milliseconds. asynq writes a
// number.
const mark = "retrywise until "

// clock defines now, in milliseconds.
const clock = `
local t = redis.call("TIME")
local now = t[1] * 1000 + math.floor(t[2] / 1000)
`

// PausedUntil implements jobs.Queue.
func (q *queue) PausedUntil(ctx context.Context) (time.Time, error) {
	left, err := q.rdb.Eval(ctx, leftScript, []string{q.key()}, mark).Int64()
	if err != nil || left < 0 {
		return time.Time{}, err
	}
	return time.Now().Add(time.Duration(left) * time.Millisecond), nil
}

// leftScript returns how much is left of a pause of ours; -1: there is none.
const leftScript = clock + `
local value = redis.call("GET", KEYS[1]) or ""
if string.sub(value, 1, #ARGV[1]) ~= ARGV[1] then
	return -1
end
return math.max(0, tonumber(string.sub(value, #ARGV[1] + 1)) - now)
`

// Pause implements jobs.Queue. Once it returns, no server starts a task of the queue. A pause that is
// there already stays as it is, whoever made it.
func (q *queue) Pause(ctx context.Context, until time.Time) error {
	left := max(1, time.Until(until).Milliseconds())
	return q.rdb.Eval(ctx, pauseScript, []string{q.key()}, mark, left).Err()
}

// pauseScript pauses a queue for so many milliseconds.
const pauseScript = clock + `
redis.call("SET", KEYS[1], ARGV[1] .. string.format("%d", now + ARGV[2]), "NX", "PX", ARGV[2])
return 0
`

// Resume implements jobs.Queue.
func (q *queue) Resume(ctx context.Context) error {
	return q.rdb.Eval(ctx, resumeScript, []string{q.key()}, mark).Err()
}

// resumeScript ends a pause of ours.
const resumeScript = `
if string.sub(redis.call("GET", KEYS[1]) or "", 1, #ARGV[1]) == ARGV[1] then
	redis.call("DEL", KEYS[1])
end
return 0
`
