//go:build proxies

package proxytest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// haproxy returns the command of an HAProxy that speaks one protocol to clients, and
// HTTP/1.1 to the backend, over connections that it reuses.
func haproxy(t *testing.T, protocol, backend string) command {
	return func(folder, _, certificate string) *exec.Cmd {
		config := write(t, folder, "haproxy.cfg", fmt.Sprintf(`
defaults
	mode http
	timeout connect 10s
	timeout client 60s
	timeout server 60s
	http-reuse always

listen proxy
	bind fd@3 ssl crt %s alpn %s
	server backend %s
`, certificate, protocol, backend))
		return exec.CommandContext(t.Context(), "haproxy", "-db", "-f", config)
	}
}

// A closing backend executes every request. It answers the first of each connection, and
// closes the connection without an answer after the second.
type closing struct {
	retrywisetest.Ledger
	unanswered atomic.Int64
}

// requestsKey is the context key of the number of requests of a connection.
type requestsKey struct{}

func (c *closing) start(t *testing.T) (address string) {
	t.Helper()
	srv := httptest.NewUnstartedServer(c)
	srv.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, requestsKey{}, new(atomic.Int64))
	}
	srv.Start()
	t.Cleanup(srv.Close)
	return srv.Listener.Addr().String()
}

func (c *closing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.Record(r.URL.Path, nil)
	if requests, _ := r.Context().Value(requestsKey{}).(*atomic.Int64); requests.Add(1) > 1 {
		c.unanswered.Add(1)
		retrywisetest.Reset()(w, r)
	}
}

// HAProxy passes a request on over a connection that it has used before, and the backend
// executes it and closes the connection. Over HTTP/2, HAProxy then resets the client's
// stream with REFUSED_STREAM, which is meant to say that nothing was executed.
func TestHAProxyPostIsExecutedOnce(t *testing.T) {
	for name, protocol := range map[string]string{"HTTP/2": "h2", "HTTP/1.1": "http/1.1"} {
		t.Run(name, func(t *testing.T) {
			var backend closing
			p := start(t, haproxy(t, protocol, backend.start(t)))
			c := p.newClient(t, policy.Retry{Backoff: policy.Backoff{Base: time.Millisecond, Cap: time.Millisecond}, Budget: new(1000)})
			ends := post(t, c, 200, 4)
			wrong := 0
			for _, e := range ends {
				if !e.isTrue(backend.Count(e.path)) {
					wrong++
				}
				if e.err == nil && !strings.HasPrefix(e.protocol, name) {
					t.Errorf("%s: answered over %s", e.path, e.protocol)
				}
			}
			if n := backend.Duplicates(); n > 0 || wrong > 0 || backend.unanswered.Load() == 0 {
				t.Errorf("%d duplicates, %d untrue ends, %d executions without an answer; want 0, 0, some", n, wrong, backend.unanswered.Load())
			}
		})
	}
}

// isTrue reports whether a call says what happened: how often its request was executed.
func (e end) isTrue(executed int) bool {
	switch e.applied {
	case apierrors.AppliedYes:
		return executed > 0
	case apierrors.AppliedNo:
		return executed == 0
	default:
		return true
	}
}
