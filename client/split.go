package client

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// A Rest is what is left of a batch after a response by which a part of it is done.
//
// Split returns the body of a request with these items and no others, in this order: the vendor
// may identify an item by its place. The request has the method, the URL and the headers of the
// call's. It is another request: if the call has an IdempotencyKey, this one's is made of that
// and the body. It is sent after Wait, within the attempts, the deadline and the budget of the
// call. A response to it may leave another Rest. In the end, the call's error has an Item for
// each item that did not succeed, with its Index in the batch that the caller sent.
//
// Of several responses, the caller gets the last one; through HTTP(), if that is no success, the
// one before it, which is about the batch as a whole. Take what you need of the others, such as
// the ids of objects that were created, from Response.
//
// Split may return nil: then the call ends here, with an error that has all Items. A batch of
// which nothing was executed is repeated as a whole, without Split.
type Rest struct {
	// Items may be sent again: the vendor did not execute them, or does no harm if it executes
	// them twice. Index is that in the batch that the caller sent.
	Items []apierrors.Item

	// Wait is how long the call waits before it sends them: the longest wait of the Items, or its
	// own back-off.
	Wait time.Duration

	// Response is the body of the response, without its content coding. It must not be changed.
	Response []byte
}

// A part is what is known of a batch whose request Split has made smaller.
type part struct {
	items   []apierrors.Item // in the request, with their places in the caller's batch
	byKey   map[string]int   // of items, by their keys
	before  []policy.Outcome // of items, by earlier requests
	ended   []apierrors.Item // of earlier requests, which are not sent again
	omitted int
	key     string           // of the caller's batch
	outcome policy.Outcome   // of the whole batch, by earlier requests
	failed  *apierrors.Error // of the latest of them
	answer  *http.Response   // to it, for HTTP()
}

// split puts the rest of a batch in place of a request by which a part of it is done.
func (x *call) split() error {
	next := x.restOf(x.last)
	body, err := x.request.options.Split(Rest{
		Items: slices.Clone(next.items), Wait: x.last.decision.Delay, Response: x.attempt.text,
	})
	if err != nil || body == nil {
		return x.notSmaller(err)
	}
	o := x.request.options
	o.IdempotencyKey, o.Lookup = x.restKey(body), nil
	if size := x.last.failure.Batch.Size; size > 0 && o.Weight > 1 {
		o.Weight = max(1, o.Weight*len(next.items)/size)
	}
	x.history.split()
	if err := x.replace(withBody(x.request.original, body), o); err != nil {
		return x.notSmaller(err)
	}
	x.request.part = next
	return nil
}

// restKey returns the idempotency key of a rest with that body, which is another request than the
// one before it. It is made of that one's key: a run after a crash, to which the vendor returns
// the same responses, sends it again. If the vendor does not honor such a key, it is empty.
func (x *call) restKey(body []byte) string {
	if !x.c.hasHonoredKey(x.request, x.destination) {
		return ""
	}
	key := KeyFor(x.request.options.IdempotencyKey, string(body))
	if x.c.profile.Idempotency.KeyProblem(key) != "" {
		return ""
	}
	return key
}

// withBody returns a copy of req with another body.
func withBody(req *http.Request, body []byte) *http.Request {
	smaller := *req
	smaller.Header = req.Header.Clone()
	smaller.Header.Del("Content-Length")
	smaller.ContentLength = int64(len(body))
	smaller.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	smaller.Body, _ = smaller.GetBody()
	return &smaller
}

// restOf returns the part of a batch that is sent after a judgement.
func (x *call) restOf(j *judgement) *part {
	d := j.decision
	next := &part{byKey: map[string]int{}, outcome: outcomeOf(d.Applied), failed: x.failed(j), omitted: j.failure.Batch.Omitted}
	next.key = next.failed.IdempotencyKey
	if x.dropIn {
		next.answer = inMemory(x.attempt.shown, x.attempt.text) //nolint:bodyclose // the caller does
		next.answer.Header.Del("Content-Encoding")
	}
	if before := x.request.part; before != nil {
		next.key = before.key
		next.ended, next.omitted = slices.Clone(before.ended), next.omitted+before.omitted
		next.outcome = before.outcome.After(d.Applied)
	}
	isAgain := make([]bool, len(d.Items))
	for _, i := range d.Again {
		isAgain[i] = true
	}
	for i, item := range d.Items {
		if !isAgain[i] {
			next.ended = append(next.ended, item)
			continue
		}
		if item.Key != "" {
			next.byKey[item.Key] = len(next.items)
		}
		next.items = append(next.items, item)
		next.before = append(next.before, outcomeOf(item.Applied))
	}
	return next
}

// locate replaces the place of an item in the request by that in the caller's batch.
func (p *part) locate(item *apierrors.Item) {
	i, isKnown := p.byKey[item.Key]
	if !isKnown || item.Key == "" {
		i = item.Index
	}
	if i < 0 || i >= len(p.items) {
		item.Index = -1
		return
	}
	item.Index, item.Key = p.items[i].Index, p.items[i].Key
}

// settle makes the error of a call whose batch was split that of the whole batch: with the items
// that ended before, and those of the latest request.
func (x *call) settle() {
	p := x.request.part
	if p == nil {
		return
	}
	latest, _ := errors.AsType[*apierrors.Error](x.err)
	items, applied := p.endedWith(latest)
	if !x.isRepeatable() {
		forbid(items)
	}
	if len(items) == 0 && p.omitted == 0 {
		return
	}
	e := *p.failed
	e.Items, e.ItemsOmitted, e.Applied, e.IdempotencyKey = items, p.omitted, p.outcome.After(applied).Applied(), p.key
	e.Status, e.Attempts, e.Err = x.history.latest.Status, x.history.list(), x.err
	e.Action, e.Stop = apierrors.Surface, apierrors.StopPermanent
	if latest != nil {
		e.ItemsOmitted += latest.ItemsOmitted
		e.Stop, e.RequestID, e.Body = latest.Stop, latest.RequestID, latest.Body
		if latest.Class == apierrors.Partial {
			e.Err = latest.Err
		}
		if latest.Action == apierrors.FailFast { // the next batch would fail, too
			e.Action = apierrors.FailFast
		}
	}
	x.err = &e
	if x.dropIn && latest != nil && latest.Class != apierrors.Partial {
		x.kept = p.answer // the latest one is not about the whole batch
	}
}

// endedWith returns all items that did not succeed, in the order of the caller's batch, and
// what is known of those of the latest request. latest is the error of that; nil: it succeeded.
func (p *part) endedWith(latest *apierrors.Error) ([]apierrors.Item, apierrors.Applied) {
	items, applied := slices.Clone(p.ended), apierrors.AppliedYes
	if latest != nil {
		applied = latest.Applied
	}
	switch {
	case latest == nil:
	case latest.Class == apierrors.Partial || len(latest.Items) > 0:
		items = append(items, latest.Items...)
	default:
		for i, item := range p.items {
			items = append(items, endedAs(item, p.before[i], latest))
		}
	}
	slices.SortStableFunc(items, func(a, b apierrors.Item) int {
		return cmp.Compare(orderOf(a), orderOf(b))
	})
	return items, applied
}

// forbid says of items that may have been executed that they must not be sent again.
func forbid(items []apierrors.Item) {
	for i, item := range items {
		if item.Applied == apierrors.AppliedUnknown && item.Temporary() {
			items[i].Stop = apierrors.StopUnsafe
		}
	}
}

// orderOf returns where an item stands among others. Those without a place are the last.
func orderOf(item apierrors.Item) uint { return uint(item.Index) }

// endedAs returns an item of a request that failed as a whole.
func endedAs(item apierrors.Item, before policy.Outcome, e *apierrors.Error) apierrors.Item {
	item.Status, item.Code, item.Summary, item.Class, item.Action, item.Stop = e.Status, e.Code, e.Summary, e.Class, e.Action, e.Stop
	item.Applied, item.Wait, item.Fields = before.After(e.Applied).Applied(), 0, nil
	if !e.RetryAt.IsZero() {
		item.Wait = max(0, time.Until(e.RetryAt))
	}
	return item
}
