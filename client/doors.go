package client

import (
	"net/http"

	"github.com/retrywise/retrywise/internal/wire"
)

// Send sends req and returns a 2xx, 3xx or accepted answer, whose body the caller
// closes. Any other end is an *apierrors.Error, and no answer.
//
// A URL without a host is taken below the base URL. The request is not changed; its
// body is always closed. It is sent again only if it can be had again without a copy:
// by req.GetBody, which http.NewRequest sets for texts and bytes, or because it can be
// read at any offset, as an *os.File can. WithCall tells more about the call.
//
// The redirect of a GET or HEAD is followed within its origin, and so is a 303 after a
// POST; to another origin a GET or HEAD goes with Accept*, Range, If-* and User-Agent
// alone. A redirect from https to http, and that of any other write, is the answer. The
// answer's Request is req, or where a redirect led.
func (c *Client) Send(req *http.Request) (*http.Response, error) {
	o := optionsOf(req)
	if req.RequestURI != "" {
		wire.PayloadOf(req).Close()
		return nil, malformed(o.Op, "RequestURI is set: this is a request that a server got", nil)
	}
	x, err := c.newCall(req, o)
	if err != nil {
		return nil, err
	}
	return x.run()
}

// HTTP returns an http.Client that keeps the contract of net/http: an answer is an
// answer, whatever its status, and its body is whole. Before a failure comes back, the
// client has done what the policy says; Check tells what the answer means. Where there
// is no answer, the error is an *apierrors.Error inside net/http's *url.Error, whose
// text prints the URL: see CleanError.
//
// Each http.Client is a new one, and the caller's own: Timeout, Jar and CheckRedirect
// may be set as usual. Its CheckRedirect follows what Send follows; one of the caller's
// own is kept from taking credentials to another origin as well. Timeout bounds the
// whole call, waits included; when it strikes in the middle of an attempt, net/http
// puts an error of its own in place of ours. Beside it, the policy's attempt timeout holds
// from when the request was last read from to the headers of the answer. Idle connections are closed by Close, and
// not by CloseIdleConnections.
func (c *Client) HTTP() *http.Client {
	return &http.Client{Transport: dropIn{c}, CheckRedirect: c.checkRedirect}
}

// dropIn is a Client as a transport. It has no CloseIdleConnections: the pool is that
// of every call.
type dropIn struct{ c *Client }

// RoundTrip sends req. It is safe for concurrent use.
func (d dropIn) RoundTrip(req *http.Request) (*http.Response, error) {
	x, err := d.c.newCall(req, optionsOf(req))
	if err != nil {
		return nil, err
	}
	x.dropIn = true
	return x.run()
}
