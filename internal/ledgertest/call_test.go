package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// Doors of the client.
const (
	byDo   = "Do"
	bySend = "Send"
	byHTTP = "HTTP"
)

// call makes the call that was planned.
func (s *site) call(ctx context.Context, p *plan) outcome {
	o := outcome{listed: -1}
	t := &tally{}
	ctx, cancel := context.WithCancel(context.WithValue(ctx, tallyKey{}, t))
	defer cancel()
	switch p.cancel {
	case canceledBefore:
		cancel()
	case canceled:
		defer time.AfterFunc(p.after, cancel).Stop()
	case deadline:
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, p.after)
		defer stop()
	}
	options := client.CallOptions{Account: strconv.Itoa(p.index), MaxAttempts: p.attempts, Timeout: p.timeout, Repeatable: p.repeatable}
	if p.lookup {
		options.Lookup = &policy.Lookup{Path: lookedUp + strconv.Itoa(p.index), Consistent: true, Settle: settle}
		options.MaxWait = new(time.Minute)
	}
	if p.key {
		options.IdempotencyKey = fmt.Sprint("key of ", p.index)
	}
	var body io.Reader
	body, o.body = newBody(p.body)
	if p.door == byDo {
		o.err = s.do(ctx, p, options, body, &o)
	} else {
		o.err = s.send(ctx, p, options, body, &o)
	}
	o.failed, _ = errors.AsType[*apierrors.Error](o.err)
	if o.failed != nil {
		o.listed = len(o.failed.Attempts)
	}
	o.told, o.answered = int(t.begun.Load()), int(t.answered.Load())
	return o
}

// settle is when nothing is executed late any more, by far.
const settle = time.Second

func path(p *plan) string { return "/calls/" + strconv.Itoa(p.index) }

// do makes the call by DoResponse.
func (s *site) do(ctx context.Context, p *plan, options client.CallOptions, body io.Reader, o *outcome) error {
	c := client.Call{Method: p.method, Path: path(p), Options: options}
	if body != nil {
		c.Body, c.Header = body, http.Header{"Content-Type": {contentType}}
	}
	r, err := client.DoResponse[map[string]string](ctx, s.client, c)
	if err == nil {
		o.status, o.accepted, o.listed = r.Status, r.Accepted, len(r.Attempts)
	}
	return err
}

// send makes the call by Send or HTTP, and reads the response.
func (s *site) send(ctx context.Context, p *plan, options client.CallOptions, body io.Reader, o *outcome) error {
	base := s.home.url
	if p.foreign {
		base = s.foreign.url
	}
	req, err := http.NewRequestWithContext(ctx, p.method, base+path(p), body)
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", contentType)
	}
	req = client.With(req, options)
	send := s.client.Send
	if p.door == byHTTP {
		send = s.client.HTTP().Do
	}
	resp, err := send(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	o.status = resp.StatusCode
	_, broken := io.Copy(io.Discard, resp.Body)
	err = s.client.Check(resp)
	if broken != nil && err == nil {
		return fmt.Errorf("Check returns nil, and the body %w", broken)
	}
	return err
}

// A tally counts the attempts of one call.
type tally struct{ begun, answered atomic.Int64 }

type tallyKey struct{}

// lookupOp is the Op of look-ups.
const lookupOp = "lookup"

// observer counts attempts by the tally in their context.
var observer = client.Observer{
	AttemptStart: func(ctx context.Context, e client.AttemptEvent) context.Context {
		if e.Op != lookupOp {
			tallyOf(ctx).begun.Add(1)
		}
		return nil
	},
	AttemptEnd: func(ctx context.Context, e client.AttemptEvent) {
		if e.Status != 0 && e.Op != lookupOp {
			tallyOf(ctx).answered.Add(1)
		}
	},
}

func tallyOf(ctx context.Context) *tally {
	t, ok := ctx.Value(tallyKey{}).(*tally)
	if !ok {
		return &tally{} // no call of a batch
	}
	return t
}
