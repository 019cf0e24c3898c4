package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/policy"
)

// askVendor makes the request of a look-up, as a call of its own.
func (x *call) askVendor(ctx context.Context, l policy.Lookup) lookedUp {
	y, err := x.lookupCall(ctx, l)
	if err != nil {
		return lookedUp{class: apierrors.ClassOf(err)}
	}
	y.request.isLookup = true
	y.decode = func(*http.Response, []byte) error { return nil } // what was read is looked at
	resp, err := y.run()                                         //nolint:contextcheck // the call has the context
	x.history.impose(y.history.waited)
	if err == nil {
		_ = resp.Body.Close() // it was read
	}
	found := lookedUp{status: y.history.latest.Status}
	if e, ok := errors.AsType[*apierrors.Error](err); ok {
		found.status, found.class, found.stop = e.Status, e.Class, e.Stop
	}
	switch {
	case y.accepted && y.last.decision.Class == apierrors.NotFound: // an empty list, in the vendor's words
		found.answer = policy.LookupAbsent
	case found.status != 0 && y.attempt != nil:
		found.answer = answer.LookedUp(l, x.sentBody(), policy.Answer{Status: found.status, Body: y.attempt.text})
	}
	if found.answer != policy.LookupUnclear {
		found.class = apierrors.None
	}
	return found
}

// lookupCall makes the call of a look-up. It goes to the origin of the write, with its headers.
func (x *call) lookupCall(ctx context.Context, l policy.Lookup) (*call, error) {
	method := l.Method
	if method == "" {
		method = http.MethodGet
	}
	req := (&http.Request{Method: method, URL: x.lookupURL(l.Path), Host: x.request.http.Host, Header: x.lookupHeader()}).WithContext(ctx)
	o := x.request.options
	s := x.timeState(time.Now())
	s.KeyLeft = 0 // a look-up has no key
	longest, _ := x.c.policy.WaitLeft(s)
	return x.c.newCall(req, CallOptions{
		Op: strings.TrimPrefix(o.Op+".lookup", "."), Account: o.Account, RecordKey: o.RecordKey, Priority: o.Priority, Timeout: o.Timeout,
		MaxWait: new(max(longest, 0)),
	})
}

// lookupURL returns the URL of a look-up: its path is below that of the base URL, if the write
// went to the origin of that.
func (x *call) lookupURL(path string) *url.URL {
	u := x.request.http.URL
	path, query, _ := strings.Cut(path, "?")
	if isSameOrigin(u, x.c.home.base) {
		path = x.c.home.prefix() + path
	}
	target := &url.URL{Scheme: u.Scheme, Host: u.Host, User: u.User, RawPath: path, RawQuery: query}
	target.Path, _ = url.PathUnescape(path) // which was checked
	return target
}

// headersOfWrite are about the write itself, and not about who sends it.
var headersOfWrite = []string{
	"Content-Length", "Content-Md5", "Content-Digest", "Repr-Digest", "Digest", "Expect", "Prefer", "Accept-Encoding", "Range", "Te", "Trailer",
}

// lookupHeader returns the header of a look-up: that of the write, as the caller's credential and
// tenant may stand there, without what is about the write.
func (x *call) lookupHeader() http.Header {
	h := http.Header{}
	isOfWrite := func(name string) bool {
		return has(headersOfWrite, name) || has(bodyHeaders, name) || has([]string{x.c.keyHeader()}, name) || strings.HasPrefix(name, "If-")
	}
	for name, values := range x.request.http.Header {
		if !isOfWrite(name) {
			h[name] = slices.Clone(values)
		}
	}
	if h.Get("Accept") == "" {
		h.Set("Accept", "application/json")
	}
	return h
}

// maxSentBody is how many bytes of a write's body are searched for the values of a look-up.
const maxSentBody = 1 << 20

// sentBody returns the body of the write, if it can be read again and is not too long.
func (x *call) sentBody() []byte {
	var described http.Request
	x.request.body.Describe(&described)
	if described.GetBody == nil {
		return nil
	}
	body, err := described.GetBody()
	if err != nil || body == nil {
		return nil
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, maxSentBody+1))
	if err != nil || len(data) > maxSentBody {
		return nil
	}
	return data
}

// valueOf returns the value of a name in the templates of a look-up.
func (x *call) valueOf(name string) (string, bool) {
	if member, ok := strings.CutPrefix(name, "body."); ok {
		return answer.TextAt(x.sentBody(), strings.Split(member, ".")...)
	}
	if name == "record_key" {
		return x.request.options.RecordKey, true
	}
	_, segments, _ := x.c.policy.LookupFor(x.request.http.Method, x.request.path)
	value, ok := segments[name]
	return value, ok
}
