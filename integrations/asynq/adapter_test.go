package retrywiseasynq_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	apierrors "github.com/retrywise/retrywise/errors"
	retrywiseasynq "github.com/retrywise/retrywise/integrations/asynq"
	"github.com/retrywise/retrywise/jobs"
)

// What the user's Config says holds where the vendor has said nothing.
func TestConfigure(t *testing.T) {
	e := newEngine(t)
	a, err := retrywiseasynq.New(e.redis, retrywiseasynq.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	own := errors.New("no such row")
	var bare asynq.Config
	a.Configure(&bare)
	if d := bare.RetryDelayFunc(0, own, nil); d < 15*time.Second || !bare.IsFailure(own) || bare.IsFailure(nil) {
		t.Errorf("delay %v, failures %v and %v; want asynq's defaults", d, bare.IsFailure(own), bare.IsFailure(nil))
	}
	mine := asynq.Config{
		RetryDelayFunc: func(int, error, *asynq.Task) time.Duration { return time.Hour },
		IsFailure:      func(err error) bool { return !errors.Is(err, own) },
	}
	a.Configure(&mine)
	if d := mine.RetryDelayFunc(0, own, nil); d != time.Hour || mine.IsFailure(own) || !mine.IsFailure(errors.New("other")) {
		t.Errorf("delay %v, failure %v; want those of the Config", d, mine.IsFailure(own))
	}
}

// notRedis makes something else.
type notRedis struct{}

func (notRedis) MakeRedisClient() any { return "a client" }

func TestNewWithoutARedis(t *testing.T) {
	if _, err := retrywiseasynq.New(notRedis{}, retrywiseasynq.Options{}); err == nil || !strings.Contains(err.Error(), "notRedis") {
		t.Errorf("got %v", err)
	}
}

// lines are those of a log.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// impatient makes clients that do not retry.
type impatient struct{ address string }

func (i impatient) MakeRedisClient() any {
	return redis.NewClient(&redis.Options{Addr: i.address, MaxRetries: -1, DialerRetries: 1})
}

// Without Redis, asynq learns all the same what to do with a task, but a task that has to be looked
// up is not run.
func TestRedisIsGone(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close() // nobody listens now
	var log lines
	told := make(chan error, 100)
	a, err := retrywiseasynq.New(impatient{l.Addr().String()}, retrywiseasynq.Options{
		Queues: []string{"", ""}, LookUps: map[string]retrywiseasynq.LookUp{"known": nil, "doubted": func(context.Context, *asynq.Task) (bool, error) { return true, nil }},
		Valve:  jobs.ValveOptions{Interval: time.Millisecond, OnError: func(err error) { told <- err }},
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	h := a.Middleware(asynq.HandlerFunc(func(context.Context, *asynq.Task) error {
		ran++
		return held(time.Hour)
	}))
	if <-told == nil {
		t.Error("OnError got nil")
	}
	step, ok := retrywiseasynq.StepOf(h.ProcessTask(t.Context(), asynq.NewTask("known", nil)))
	if !ok || step.Next != jobs.RunAgain || step.Delay < time.Hour-time.Minute {
		t.Errorf("got %+v; want run_again in an hour", step)
	}
	err = h.ProcessTask(t.Context(), asynq.NewTask("doubted", nil))
	if _, ok := retrywiseasynq.StepOf(err); ok || err == nil || ran != 1 {
		t.Errorf("got %v, and the handler was called %d times; want the error of Redis, and 1", err, ran)
	}
	for _, want := range []string{"Redis failed", "the pause of a queue", "archived tasks that are due were not run", "next=run_again"} {
		poll(t, "the log has "+want, func() bool { return strings.Contains(log.String(), want) })
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

// A task that is stopped is an error in the log, without personal data.
func TestLog(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	var log lines
	o := retrywiseasynq.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}
	p := e.process(t, 1, o, func(context.Context, string) error {
		return &apierrors.Error{Class: apierrors.Authentication, Action: apierrors.FailFast, Applied: apierrors.AppliedNo, Message: "Ana"}
	})
	e.enqueue(t, []string{"P-1"})
	e.ended(t, 1)
	p.server.Shutdown()
	if !strings.Contains(log.String(), `level=ERROR msg="the call of a task failed" task=P-1 type=delivery queue=vendor next=stop`) || strings.Contains(log.String(), "Ana") {
		t.Error(log.String())
	}
}
