package client

import (
	"errors"
	"io"
	"net/http"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/policy"
)

// maxBatch bounds the response to a batch, and its request, in which items are looked for: both
// without their content codings.
const maxBatch = 8 << 20

var (
	errLongBatch = errors.New("the response to a batch is longer than 8 MiB, so nothing is known of its items")
	errNoItems   = errors.New("the response does not say how the items of the batch ended")
)

// isBatch reports whether the vendor's data says that the latest request has many items.
func (x *call) isBatch() bool { return x.c.isBatch(x.request, x.destination) }

func (c *Client) isBatch(r request, to destination) bool {
	return !to.isForeign && len(c.profile.Batches) > 0 && c.profile.IsBatch(r.http.Method, r.path)
}

// readBatch reads the 2xx to a batch, which can be read again afterwards. It returns the
// failure of some of its items; nil: they are all done.
func (x *call) readBatch(resp *http.Response) *judgement {
	body := x.attempt.Body()
	x.attempt.shown = x.attempt.Snapshot(resp) //nolint:bodyclose // run or judge does
	raw, err := body.ReadAhead(maxBatch + 1)
	x.attempt.StopTimeout()
	text, codingErr := answer.Content(resp.Header, raw, maxBatch+1)
	if err == nil {
		err = codingErr
	}
	j := x.readItems(resp, text, err)
	if j != nil {
		j.answer = body
	}
	return j
}

// readTypedBatch returns the failure of some items of a batch, whose response was read up to
// err. It decodes the value beside it.
func (x *call) readTypedBatch(resp *http.Response, data []byte, err error) *judgement {
	j := x.readItems(resp, data, err)
	switch {
	case j == nil:
		if err := x.understand(resp, data); err != nil {
			return x.notUnderstood(resp, data, err)
		}
	case j.failure.Batch != nil && j.failure.Class == apierrors.None:
		j.err = x.understand(resp, data)
	}
	return j
}

// readItems returns the failure of items in the 2xx to a batch, of which text was read up to
// err.
func (x *call) readItems(resp *http.Response, text []byte, err error) *judgement {
	if len(text) > maxBatch {
		text, err = text[:maxBatch], errLongBatch
	}
	x.attempt.text = text
	f := x.explain(resp)
	if f == nil && err == nil {
		return nil
	}
	if f == nil {
		f = new(brokenSuccess(resp))
		f.Applied = apierrors.AppliedUnknown // an item may have been refused in what is missing
	}
	j := &judgement{failure: *f, body: text[:min(len(text), maxErrorBody)], header: resp.Header, err: err}
	switch {
	case err != nil:
		j.failure.Permanent = errors.Is(err, errLongBatch)
		j.summary = errBrokenOff.Error()
		if j.failure.Permanent {
			j.summary = err.Error()
		}
	case f.Class == apierrors.MalformedResponse:
		j.summary = errNoItems.Error()
	}
	return j
}

// sentText returns the body of a request without its content coding, or nil if it is too long
// or cannot be read again.
func (r request) sentText() []byte {
	out := http.Request{}
	r.body.Describe(&out)
	if r.body == nil {
		out.GetBody = r.original.GetBody // of a response that is not ours
	}
	if out.GetBody == nil {
		return nil
	}
	body, err := out.GetBody()
	if err != nil || body == nil {
		return nil
	}
	defer func() { _ = body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(body, maxBatch+1))
	text, codingErr := answer.Content(r.http.Header, raw, maxBatch+1)
	if err != nil || codingErr != nil || len(raw) > maxBatch || len(text) > maxBatch {
		return nil
	}
	return text
}

// locate replaces the places of items in the latest request by those in the caller's batch.
func (x *call) locate(j *judgement) {
	if part := x.request.part; part != nil {
		for i := range j.decision.Items {
			part.locate(&j.decision.Items[i])
		}
	}
}

// outcomeOf returns the outcome that what is known of an item stands for.
func outcomeOf(applied apierrors.Applied) policy.Outcome { return policy.NotApplied.After(applied) }
