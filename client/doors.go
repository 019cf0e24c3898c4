package client

import (
	"net/http"

	"github.com/retrywise/retrywise/internal/wire"
)

// Send sends req and returns a response with a status of 2xx, or a redirect of a GET or HEAD
// that is not followed; the caller closes its body. It also returns a failure that a rule
// accepts, such as a DELETE of what the vendor says is gone. Of a batch that failed in part
// (class partial), it returns the response and an *apierrors.Error: close the body then, too.
// Every other end of the call is an *apierrors.Error without a response. If a look-up finds that
// a write was executed, its response is lost all the same: then the error says applied: yes, and
// action: accept.
//
// The response to a batch (see policy.Profile.Batches) is read whole, up to 8 MiB, before it is
// returned.
//
// A URL without a host is put below the base URL. The request is not changed, and its body
// is always closed. It is retried only if its body can be re-read: GetBody is set, as
// http.NewRequest does for strings and bytes, or the body is an *os.File. With gives it
// options.
//
// Within the origin, the redirect of a GET or HEAD is followed, and so are a 303 after a POST
// and a 307 or 308 of a write whose body can be re-read. To another origin, only a GET or
// HEAD is followed, with its Accept*, Range, If-* and User-Agent headers. No redirect is
// followed from https to http. The response's Request is req, or the one that a redirect
// led to.
func (c *Client) Send(req *http.Request) (*http.Response, error) {
	if req == nil {
		return nil, malformed("", "the request is nil", nil)
	}
	o := optionsOf(req)
	if req.RequestURI != "" {
		wire.PayloadOf(req).Close()
		return nil, malformed(o.Op, "RequestURI is set: this request was received by a server", nil)
	}
	x, err := c.newCall(req, o)
	if err != nil {
		return nil, err
	}
	return x.run()
}

// HTTP returns an http.Client that keeps the contract of net/http: it returns a response
// whatever its status, with its whole body. Retries are over by then, and Check says how
// the call ended. If there is no response, the error is an *apierrors.Error inside
// net/http's *url.Error, whose text contains the URL: see CleanError.
//
// A call that has to wait too long since an earlier response, such as a 429, closed a gate is
// not sent. It gets that response again, as SDKs expect one: with the first 64 KiB of its body,
// without cookies and request ids, and with a Retry-After of the wait that is left. Check says
// that nothing was sent. If no such response is known, it gets an error.
//
// A write in doubt is looked up only if CallOptions.Lookup asks for it. If it is found, the
// response of the failure stands, or the error, and Check says applied: yes.
//
// Each http.Client is a new one that the caller may change: Timeout, Jar and CheckRedirect
// work as usual. Its CheckRedirect follows the redirects that Send follows. If you set your
// own, credentials still stay within the origin.
//
// Timeout limits the whole call with its waits. Prefer a deadline in the request's context:
// if Timeout fires during an attempt, net/http returns an error of its own, and so nothing
// says whether the request was executed. The policy's attempt timeout applies as well.
//
// Three things differ from a plain http.Client. Its CloseIdleConnections does nothing, as the
// connections are shared: use Close. Its Jar does not see the cookies of a response that is
// retried. There is no CancelRequest, which is deprecated: end the request's context.
//
// URLs of a scheme that is registered with the transport (RegisterProtocol) work, and are
// outside the vendor's origin.
func (c *Client) HTTP() *http.Client {
	return &http.Client{Transport: dropIn{c}, CheckRedirect: c.checkRedirect}
}

// dropIn is a Client as a transport. It has no CloseIdleConnections, as all calls share
// the pool.
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
