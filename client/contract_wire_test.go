package client_test

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/http/httputil"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// overTCP is sameAsNetHTTP over TCP, for cases that depend on a real connection. It compares
// only what use returns.
func overTCP[T any](t *testing.T, handler http.Handler, use func(t *testing.T, hc *http.Client, base string) T) {
	t.Helper()
	over(t, handler, (*httptest.Server).Start, use)
}

// overHTTP2 is overTCP with TLS and HTTP/2.
func overHTTP2[T any](t *testing.T, handler http.Handler, use func(t *testing.T, hc *http.Client, base string) T) {
	t.Helper()
	over(t, handler, func(srv *httptest.Server) {
		srv.EnableHTTP2 = true
		srv.StartTLS()
	}, use)
}

// over runs use by each way, each time with a new server.
func over[T any](t *testing.T, handler http.Handler, start func(*httptest.Server), use func(t *testing.T, hc *http.Client, base string) T) {
	t.Helper()
	var want T
	for i, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			srv := httptest.NewUnstartedServer(handler)
			start(srv)
			defer srv.Close()
			wire, _ := srv.Client().Transport.(*http.Transport)
			wire.ExpectContinueTimeout = time.Hour // so that a body waits for it
			got := use(t, way.open(t, wire, srv.URL), srv.URL)
			if i == 0 {
				want = got
			} else if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("result (-net/http +retrywise):\n%s", diff)
			}
		})
	}
}

// sum returns how many bytes were read, and the kind of the error.
func sum(n int64, err error) string { return fmt.Sprint(n, " bytes ", kindOf(err)) }

// echoLines sends hello, and then each line that it gets.
func echoLines(w http.ResponseWriter, r *http.Request) {
	_ = http.NewResponseController(w).EnableFullDuplex()
	send := func(text string) {
		_, _ = io.WriteString(w, text+"\n")
		_ = http.NewResponseController(w).Flush()
	}
	send("hello")
	for lines := bufio.NewScanner(r.Body); lines.Scan(); {
		send(lines.Text())
	}
}

// converse reads a line, sends two lines and reads each, calls hangUp and reads the end. It
// returns what it read.
func converse(t *testing.T, w io.Writer, r io.Reader, hangUp func() error) string {
	t.Helper()
	reader := bufio.NewReader(r)
	var lines []string
	read := func() {
		line, err := reader.ReadString('\n')
		lines = append(lines, strings.TrimSpace(line)+kindOf(err))
	}
	read()
	for _, line := range []string{"one", "two"} {
		if _, err := fmt.Fprintln(w, line); err != nil {
			t.Fatal(err)
		}
		read()
	}
	if err := hangUp(); err != nil {
		t.Fatal(err)
	}
	read()
	return strings.Join(lines, ", ")
}

// After a 101, the caller reads and writes the connection.
func TestHTTPUpgrade(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, buffer, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\nhello\n", r.Header.Get("Upgrade"))
		for {
			line, err := buffer.ReadString('\n')
			if err != nil || line == "two\n" {
				_, _ = io.WriteString(conn, line)
				return
			}
			_, _ = io.WriteString(conn, line)
		}
	})
	type upgraded struct {
		Status          int
		Upgrade         string
		Length          int64
		Lines           string
		Proto           string
		CanWrite, Twice bool
	}
	overTCP(t, handler, func(t *testing.T, hc *http.Client, base string) upgraded {
		resp, err := hc.Do(newRequest(t, "GET", base+"/socket", "", "Connection", "Upgrade", "Upgrade", "lines"))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		got := upgraded{Status: resp.StatusCode, Upgrade: resp.Header.Get("Upgrade"), Length: resp.ContentLength, Proto: resp.Proto}
		conn, ok := resp.Body.(io.ReadWriteCloser)
		if got.CanWrite = ok; ok {
			got.Lines = converse(t, conn, conn, func() error { return nil })
		}
		got.Twice = resp.Body.Close() == nil
		return got
	})
}

// With Expect: 100-continue, the body is sent only if the server asks for it.
func TestHTTPExpectContinue(t *testing.T) {
	type outcome struct {
		Seen          seen
		Read, Allowed bool // the body
	}
	for name, handler := range map[string]http.HandlerFunc{
		"accepted": func(w http.ResponseWriter, r *http.Request) {
			n, err := io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(w, sum(n, err))
		},
		"refused": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "close")
			w.WriteHeader(http.StatusExpectationFailed)
			_, _ = io.WriteString(w, "no")
		},
		"forbidden": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "close")
			w.WriteHeader(http.StatusForbidden)
		},
	} {
		t.Run(name, func(t *testing.T) {
			overTCP(t, handler, func(t *testing.T, hc *http.Client, base string) outcome {
				ctx, calls := traced(t.Context())
				var read atomic.Bool
				req := newRequest(t, "POST", base+"/upload", "", "Expect", "100-continue").WithContext(ctx)
				req.Body = io.NopCloser(io.MultiReader(atEnd(func() { read.Store(true) }), strings.NewReader("text")))
				req.ContentLength = 4
				got := outcome{Seen: exchange(hc, req)}
				got.Seen.Sent = strings.ReplaceAll(got.Seen.Sent, base, "")
				got.Read, got.Allowed = read.Load(), slices.Contains(calls(), "got 100")
				return got
			})
		})
	}
}

// Early hints reach the caller's trace, whose error ends the call.
func TestHTTPEarlyHints(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Set("Link", "</other.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusOK)
	})
	for name, end := range map[string]error{"trace accepts them": nil, "trace returns an error": errOfTheTest} {
		t.Run(name, func(t *testing.T) {
			for _, wire := range []func(*testing.T, http.Handler, func(*testing.T, *http.Client, string) []string){overTCP[[]string], overHTTP2[[]string]} {
				wire(t, handler, func(t *testing.T, hc *http.Client, base string) []string {
					var hints []string
					ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
						Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
							hints = append(hints, fmt.Sprint(code, " ", header.Get("Link")))
							return end
						},
					})
					got := exchange(hc, newRequest(t, "POST", base+"/page", "").WithContext(ctx))
					return append(hints, fmt.Sprint(got.Status, " ", got.Header.Get("Link"), " ", got.Err))
				})
			}
		})
	}
}

// The transport of HTTP works in a reverse proxy, which sends a server's request with its
// RequestURI.
func TestHTTPTransportOfAReverseProxy(t *testing.T) {
	behind := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Seen", r.Method+" "+r.URL.String()+" "+string(body))
		w.Header().Set("Trailer", "X-Sum")
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = io.WriteString(w, "no")
		w.Header().Set("X-Sum", "7")
	})
	overTCP(t, behind, func(t *testing.T, hc *http.Client, base string) seen {
		target, err := url.Parse(base)
		if err != nil {
			t.Fatal(err)
		}
		front := httptest.NewServer(&httputil.ReverseProxy{
			Transport: hc.Transport, ErrorLog: log.New(io.Discard, "", 0),
			Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
		})
		defer front.Close()
		got := exchange(front.Client(), newRequest(t, "POST", front.URL+"/items/7?q=1", "text"))
		got.Sent = ""
		return got
	})
}
