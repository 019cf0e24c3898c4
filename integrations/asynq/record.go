package retrywiseasynq

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/retrywise/retrywise/jobs"
)

// records are kept in Redis for tasks whose earlier runs matter.
type records struct{ rdb redis.UniversalClient }

// keepFor is how long a record outlives the last run of its task: as long as asynq keeps an archived
// one.
const keepFor = 90 * 24 * time.Hour

// Fields of a record.
const (
	fieldState    = "state" // running, or the name of jobs.LookUp
	fieldIfAbsent = "if_absent"
	fieldReason   = "reason"
	fieldDelays   = "delays" // how many
	isRunning     = "running"
)

// A record is what is known of the earlier runs of a task.
type record struct {
	isInDoubt bool // the vendor may have executed the call
	ifAbsent  jobs.Next
	reason    string
}

func recordKey(r run) string { return "retrywise:{" + r.queue + "}:t:" + r.id }

// begin writes that a task is running, and returns what was known before.
func (s *records) begin(ctx context.Context, r run) (record, error) {
	var known *redis.SliceCmd
	_, err := s.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		known = p.HMGet(ctx, recordKey(r), fieldState, fieldIfAbsent, fieldReason)
		p.HSet(ctx, recordKey(r), fieldState, isRunning)
		p.Expire(ctx, recordKey(r), keepFor)
		return nil
	})
	if err != nil {
		return record{}, err
	}
	var fields struct {
		State    string `redis:"state"`
		IfAbsent string `redis:"if_absent"`
		Reason   string `redis:"reason"`
	}
	if err := known.Scan(&fields); err != nil {
		return record{}, err
	}
	before := record{isInDoubt: fields.State != "", ifAbsent: jobs.RunAgain, reason: fields.Reason}
	if fields.IfAbsent != "" {
		err = before.ifAbsent.UnmarshalText([]byte(fields.IfAbsent))
	}
	return before, err
}

// doubt writes that the vendor may have executed the call of a task.
func (s *records) doubt(ctx context.Context, r run, e *ending) error {
	_, err := s.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.HSet(ctx, recordKey(r), fieldState, jobs.LookUp.String(), fieldIfAbsent, e.IfAbsent.String())
		p.HSetNX(ctx, recordKey(r), fieldReason, e.reason()) // that of the call, and not of its look-up
		p.Expire(ctx, recordKey(r), keepFor)
		return nil
	})
	return err
}

// settle writes that the call of the last run was not executed.
func (s *records) settle(ctx context.Context, r run) error {
	return s.rdb.HDel(ctx, recordKey(r), fieldState, fieldIfAbsent, fieldReason).Err()
}

// drop removes the record of a task that is not run again.
func (s *records) drop(ctx context.Context, r run) error { return s.rdb.Del(ctx, recordKey(r)).Err() }

// countDelay returns how often a task was delayed, this time included.
func (s *records) countDelay(ctx context.Context, r run) (int, error) {
	var n *redis.IntCmd
	_, err := s.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		n = p.HIncrBy(ctx, recordKey(r), fieldDelays, 1)
		p.Expire(ctx, recordKey(r), keepFor)
		return nil
	})
	return int(n.Val()), err
}
