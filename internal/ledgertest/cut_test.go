package ledgertest

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/testcert"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A cutCase is a request over a protocol.
type cutCase struct {
	protocol string
	secure   bool
	http2    bool
	method   string
	key      bool
	lookup   bool
	attempts int
}

func (c cutCase) String() string {
	text := fmt.Sprintf("%s, %s", c.protocol, c.method)
	if c.key {
		text += " with key"
	}
	if c.lookup {
		text += " with look-up"
	}
	return text + fmt.Sprintf(", at most %d attempts", c.attempts)
}

// stride is from one cut to the next of calls that differ little from others. The long run of
// make soak leaves nothing out.
var stride = flag.Int("stride", 7, "bytes from one cut to the next, of calls with several attempts or over TLS, except POSTs")

func (c cutCase) mayRepeat() bool { return c.key || c.method == "GET" || c.method == "PUT" }

func allCutCases() []cutCase {
	var all []cutCase
	for _, protocol := range []cutCase{
		{protocol: "HTTP/1.1"}, {protocol: "HTTP/1.1 over TLS", secure: true},
		{protocol: "HTTP/2", http2: true}, {protocol: "HTTP/2 over TLS", http2: true, secure: true},
	} {
		for _, method := range []string{"GET", "PUT", "POST", "POST with key", "PATCH"} {
			for _, attempts := range []int{1, 4} {
				c := protocol
				c.method, c.key = strings.CutSuffix(method, " with key")
				c.attempts = attempts
				all = append(all, c)
			}
		}
		c := protocol
		c.method, c.lookup, c.attempts = "POST", true, 4
		all = append(all, c)
	}
	return all
}

// The connection is cut after each byte of the request and of the response. A call that succeeds
// was executed exactly once. One that says that it was not executed was not, and what is unknown is
// what nobody at this end can know: the header of the request may have left, and no response came.
// With a look-up, that is known as well.
func TestCutAtEveryByte(t *testing.T) {
	certificate := testcert.New(t)
	counts := map[string]int{}
	for _, c := range allCutCases() {
		for _, how := range []cutKind{byReset, byFIN, byWrite} {
			for _, isDown := range []bool{false, true} {
				if isDown && how == byWrite {
					continue
				}
				t.Run(fmt.Sprint(c, ", ", how, ", down ", isDown), func(t *testing.T) {
					retrywisetest.VirtualTime(t, func(t *testing.T) {
						for after, isCut := 0, true; isCut; {
							one := newCutCall(t, c, cut{after, isDown, how}, certificate)
							isCut = one.make(t)
							counts[one.result(t)]++
							after += one.step()
						}
					})
				})
			}
		}
	}
	t.Log(counts)
}

// A cutCall is one call over a network whose first connection is cut.
type cutCall struct {
	cutCase
	network *cutNetwork
	client  *client.Client
	server  *http.Server

	executed  atomic.Int64
	conns     atomic.Int64 // that the first attempt got
	before    atomic.Int64 // bytes written to it before
	responses atomic.Int64 // whose header came
	err       error
	value     map[string]string
}

func newCutCall(t *testing.T, c cutCase, where cut, certificate testcert.Certificate) *cutCall {
	t.Helper()
	one := &cutCall{cutCase: c, network: newCutNetwork(where)}
	one.server = &http.Server{Handler: one, ErrorLog: quiet, Protocols: &http.Protocols{}, ReadHeaderTimeout: time.Minute}
	one.server.Protocols.SetHTTP1(!c.http2)
	one.server.Protocols.SetHTTP2(c.http2)
	one.server.Protocols.SetUnencryptedHTTP2(c.http2)
	wire := client.NewTransport()
	wire.Proxy, wire.DialContext, wire.Protocols = nil, one.network.dial, one.server.Protocols
	base := "http://127.0.0.1"
	if c.secure {
		base = "https://127.0.0.1"
		wire.TLSClientConfig = &tls.Config{RootCAs: certificate.Roots, CurvePreferences: []tls.CurveID{tls.X25519}}
		one.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate.TLS(t)}}
	}
	made, err := client.New(client.Config{Vendor: vendor{}, BaseURL: base, Transport: &spy{wire, c.method, &one.responses}})
	if err != nil {
		t.Fatal(err)
	}
	one.client = made
	return one
}

// step is how many bytes further the next cut is. Those of a handshake are alike.
func (c *cutCall) step() int {
	switch {
	case c.secure && c.conns.Load() == 0:
		return 6**stride - 5
	case c.attempts > 1 && (!c.lookup || c.secure), c.secure && c.method != http.MethodPost:
		return *stride
	default:
		return 1
	}
}

// A spy counts the responses to a method that a transport returns.
type spy struct {
	*client.Transport
	method    string
	responses *atomic.Int64
}

// RoundTrip implements http.RoundTripper.
func (s *spy) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := s.Transport.RoundTrip(req)
	if err == nil && req.Method == s.method {
		s.responses.Add(1)
	}
	return resp, err
}

// ServeHTTP executes a request that it has read in whole. A key is executed once.
func (c *cutCall) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c.lookup && r.Method == http.MethodGet {
		c.find(w)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Method != http.MethodGet && string(body) != sentBody {
		return
	}
	if !c.key || r.Header.Get(keyHeader) != "key" || c.executed.Load() == 0 {
		c.executed.Add(1)
	}
	w.Header()["Date"] = nil
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, sentResponse)
}

// find serves a look-up.
func (c *cutCall) find(w http.ResponseWriter) {
	if c.executed.Load() == 0 {
		w.WriteHeader(http.StatusNotFound)
	}
}

// byNumber looks up what was created. A second after the cut, nothing is being executed.
var byNumber = policy.Lookup{Path: "/items/42", Consistent: true, Settle: time.Second}

const (
	sentBody     = `"size"`
	sentResponse = `{"id":"42"}`
)

// make makes the call, and reports whether the connection was cut.
func (c *cutCall) make(t *testing.T) (isCut bool) {
	t.Helper()
	served := make(chan struct{})
	go func() {
		defer close(served)
		if c.secure {
			_ = c.server.ServeTLS(c.network, "", "")
		} else {
			_ = c.server.Serve(c.network)
		}
	}()
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
		if c.conns.Add(1) == 1 {
			c.before.Store(c.network.first.Load().whole.Load())
		}
	}})
	call := client.Call{Method: c.method, Path: "/items", Options: client.CallOptions{MaxAttempts: c.attempts}}
	if c.method != http.MethodGet {
		call.Body = json.RawMessage(sentBody)
	}
	if c.key {
		call.Options.IdempotencyKey = "key"
	}
	if c.lookup {
		call.Options.Lookup, call.Options.MaxWait = &byNumber, new(time.Minute)
	}
	c.value, c.err = client.Do[map[string]string](ctx, c.client, call)
	isCut = c.network.isCut.Load()
	_ = c.client.Close()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_ = c.server.Shutdown(ended)
	_ = c.server.Close()
	<-served
	c.network.relays.Wait()
	return isCut
}

// result compares what the call returned with what was executed, and with what can be known.
func (c *cutCall) result(t *testing.T) string {
	t.Helper()
	got, want := "success", c.want()
	e, isFailure := errors.AsType[*apierrors.Error](c.err)
	if isFailure {
		got = "applied " + e.Applied.String()
	} else if c.err != nil {
		t.Errorf("the error is no *apierrors.Error: %v", c.err)
	}
	executed := c.executed.Load()
	isRight := map[string]bool{
		"success":     (c.value["id"] == "42" || c.lookup) && (executed == 1 || executed > 1 && c.mayRepeat() && !c.key),
		"applied no":  executed == 0,
		"applied yes": executed > 0, "applied unknown": executed <= 1 || c.mayRepeat(),
	}[got]
	if !isRight || got != want {
		t.Errorf("%v, cut after %d bytes: %s, executed %d times; want %s: %v", c.cutCase, c.network.after, got, executed, want, c.err)
	}
	return got
}

// wroteHeader reports whether the whole header section was written, which is one Write: without
// its end, no server executes anything. A part of a record of TLS cannot be read.
func (c *cutCall) wroteHeader() bool {
	first := c.network.first.Load()
	return c.conns.Load() > 0 && (first.whole.Load() > c.before.Load() || first.hasHeaderEnd.Load())
}

// want returns what can be known of the call at this end.
func (c *cutCall) want() string {
	isWritten := c.conns.Load() > 0 && c.network.first.Load().whole.Load() > c.before.Load()
	switch {
	case c.http2:
		isWritten = c.conns.Load() > 0 // other requests may have written it
	case c.network.how == byWrite:
		isWritten = c.wroteHeader()
	}
	switch {
	case !c.network.isCut.Load(), c.attempts > 1 && (c.mayRepeat() || !isWritten):
		return "success"
	case c.responses.Load() > 0 && c.err != nil:
		return "applied yes"
	case c.responses.Load() > 0, c.lookup:
		return "success"
	case isWritten:
		return "applied unknown"
	default:
		return "applied no"
	}
}
