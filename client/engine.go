package client

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// go-retryablehttp v0.7.8, as used here:
//   - its Backoff callback sees neither context nor error, so each call has a client of
//     its own, whose callbacks share that call's state; RetryMax is out of the way;
//   - it drains a response before Backoff, so its body is read in CheckRetry;
//   - it calls CloseIdleConnections on every failed call, which would empty the pool for
//     everybody: the engine is its transport, and has no such method;
//   - its http.Client would follow redirects anywhere, and fails on a malformed Location:
//     it never sees one;
//   - it copies or buffers request bodies: it never sees one, attempts attach their own;
//   - when the context ends during a wait, it returns the bare context error and skips
//     ErrorHandler: the call still has the last failure, and joins the two;
//   - it panics for a Logger of the wrong type: the Logger is always nil.

// An engine carries a call from its first failure on. It knows four functions of the call
// and nothing else.
type engine struct {
	send    func(*http.Request) (*http.Response, error)
	judge   func(*http.Response, error) (again bool, err error)
	delay   func() time.Duration        // before the next request
	replace func() (next *http.Request) // the next request, which may be another one

	first    *result // the failure that it begins with; nil: that was taken up
	next     *http.Request
	location []string    // of the response, kept from http.Client
	err      error       // of the latest judgement
	client   http.Client // of rc
	rc       retryablehttp.Client
}

// A result is how an attempt ended.
type result struct {
	response *http.Response
	err      error
}

// carry repeats req, whose first attempt ended in first and is to be repeated, until the
// judge is content. A bare context error says that the context ended during a delay.
func (e *engine) carry(req *http.Request, first result) (*http.Response, error) {
	e.first = &first
	e.client = http.Client{Transport: transportFunc(e.roundTrip)}
	e.rc = retryablehttp.Client{
		HTTPClient: &e.client, RetryMax: math.MaxInt,
		CheckRetry: e.check, Backoff: e.backoff, PrepareRetry: e.prepare, ErrorHandler: e.giveUp,
	}
	return e.rc.Do(&retryablehttp.Request{Request: req})
}

// transportFunc is an http.RoundTripper without other methods.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// roundTrip returns the failure that the engine begins with, and then sends.
func (e *engine) roundTrip(*http.Request) (*http.Response, error) {
	var r result
	if e.first != nil {
		r = *e.first
	} else {
		r.response, r.err = e.send(e.next) // and not req, to which http.Client adds headers
	}
	if r.err != nil {
		return nil, r.err
	}
	if e.location = r.response.Header["Location"]; e.location != nil {
		delete(r.response.Header, "Location")
	}
	return r.response, nil
}

// check is CheckRetry: true repeats after backoff, an error ends the call.
func (e *engine) check(_ context.Context, resp *http.Response, err error) (bool, error) {
	if e.first != nil {
		e.first = nil
		return true, nil
	}
	if e.location != nil && resp != nil {
		resp.Header["Location"] = e.location
	}
	if ofClient, ok := err.(*url.Error); ok { //nolint:errorlint // only that of http.Client, around the call's own
		err = ofClient.Err
	}
	again, err := e.judge(resp, err)
	e.err = err
	return again, err
}

func (e *engine) backoff(time.Duration, time.Duration, int, *http.Response) time.Duration {
	return e.delay()
}

func (e *engine) prepare(next *http.Request) error {
	e.next = e.replace()
	*next = *e.next
	return nil
}

// giveUp has nothing left to do: the judge closed the response and made the error.
func (e *engine) giveUp(*http.Response, error, int) (*http.Response, error) { return nil, e.err }
