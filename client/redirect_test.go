package client_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// Within the origin, the redirect of a GET or HEAD is followed with all headers. So are a 307
// or 308 of a write, with its body, and a 303 after a POST. Another redirect of a write is an
// error of Send, and the response of HTTP.
func TestRedirectWithinTheOrigin(t *testing.T) {
	type hop struct{ Method, Path, Key, Body string }
	first := func(method, body string) hop { return hop{method, "/a", "k", body} }
	then := func(method string) hop { return hop{method, "/b", "k", ""} }
	again := func(method string) hop { return hop{method, "/b", "k", "x"} }
	for name, tt := range map[string]struct {
		method string
		status int
		body   string
		want   []hop
	}{
		"301 of a GET":         {"GET", 301, "", []hop{first("GET", ""), then("GET")}},
		"302 of a HEAD":        {"HEAD", 302, "", []hop{first("HEAD", ""), then("HEAD")}},
		"307 of a GET":         {"GET", 307, "", []hop{first("GET", ""), then("GET")}},
		"303 of a POST":        {"POST", 303, "x", []hop{first("POST", "x"), then("GET")}},
		"303 of an empty POST": {"POST", 303, "", []hop{first("POST", ""), then("GET")}},
		"302 of a POST":        {"POST", 302, "x", []hop{first("POST", "x")}},
		"307 of a POST":        {"POST", 307, "x", []hop{first("POST", "x"), again("POST")}},
		"308 of a PUT":         {"PUT", 308, "x", []hop{first("PUT", "x"), again("PUT")}},
		"308 of a DELETE":      {"DELETE", 308, "", []hop{first("DELETE", ""), then("DELETE")}},
		"302 of a GET, a body": {"GET", 302, "x", []hop{first("GET", "x"), then("GET")}},
		"303 of a DELETE":      {"DELETE", 303, "", []hop{first("DELETE", "")}},
		"300 of a GET":         {"GET", 300, "", []hop{first("GET", "")}},
	} {
		for _, through := range []string{"Send", "HTTP"} {
			t.Run(name+" through "+through, func(t *testing.T) {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					answers := script{retrywisetest.Status(tt.status, "Location", "/b"), retrywisetest.Status(200)}
					srv := retrywisetest.New(t, answers[:len(tt.want)]...)
					c := newClient(t, srv, client.Config{})
					var body io.Reader
					if tt.body != "" {
						body = strings.NewReader(tt.body)
					}
					req := newRequestOf(t, tt.method, srv.URL()+"/a", body)
					req.Header.Set("X-Api-Key", "k")
					resp, err := doors[through](c, req)
					var got []hop
					for _, r := range srv.Requests() {
						got = append(got, hop{r.Method, r.Path, r.Header.Get("X-Api-Key"), string(r.Body)})
					}
					if diff := cmp.Diff(tt.want, got); diff != "" {
						t.Errorf("requests (-want +got):\n%s", diff)
					}
					if isRead := tt.method == "GET" || tt.method == "HEAD"; !isRead && through == "Send" && len(got) == 1 {
						isRefused(t, err, "http://vendor.test/b")
						return
					}
					if err != nil {
						t.Fatal(err)
					}
					_ = resp.Body.Close()
					if last := got[len(got)-1]; resp.Request.URL.Path != last.Path || resp.Request.Method != last.Method {
						t.Errorf("the response's Request is %s %s; want %s %s", resp.Request.Method, resp.Request.URL, last.Method, last.Path)
					}
					if len(got) == 1 && (resp.StatusCode != tt.status || resp.Header.Get("Location") != "/b" || c.Check(resp) != nil) {
						t.Errorf("got status %d, Location %q, Check %v; want %d, /b, nil", resp.StatusCode, resp.Header.Get("Location"), c.Check(resp), tt.status)
					}
				})
			})
		}
	}
}

// isRefused checks that err says that a redirect is not followed, and where it leads.
func isRefused(t *testing.T, err error, location string) {
	t.Helper()
	e := failure(t, err)
	got := []any{e.Class, e.Action, e.Applied, e.Details["location"], e.Rule}
	want := []any{apierrors.Unsupported, apierrors.FailFast, apierrors.AppliedUnknown, location, "class unsupported, redirect"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("class, action, applied, location, rule (-want +got):\n%s", diff)
	}
	origin, _, _ := strings.Cut(strings.TrimPrefix(location, "http://"), "/")
	if want := "the response is a redirect, which is not followed, to http://" + origin; !strings.Contains(err.Error(), want) {
		t.Errorf("the error is %v; want %q in it", err, want)
	}
}

// A body that was read and cannot be read again is not sent on.
func TestRedirectOfAStream(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(307, "Location", "/b"))
		req := newRequestOf(t, http.MethodPut, "/a", io.MultiReader(strings.NewReader("x")))
		_, err := sendRequest(t, newClient(t, srv, client.Config{}).Send, req)
		if e := failure(t, err); e.Class != apierrors.Unsupported || e.Applied != apierrors.AppliedNo {
			t.Errorf("class %v, applied %v; want unsupported, no", e.Class, e.Applied)
		}
	})
}

// A loop ends after 10 requests, each of which is an attempt. Send returns the last redirect,
// and HTTP net/http's error.
func TestRedirectLoopEnds(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, retrywisetest.Status(302, "Location", "/again"))
		var seen events
		c := newClient(t, srv, client.Config{Observer: seen.observer()})
		status, err := send(t.Context(), t, c, "GET", "/items", "")
		if err != nil || status != 302 {
			t.Errorf("got status %d, error %v; want 302", status, err)
		}
		if attempts := len(seen.attempts); attempts != len(srv.Requests()) || attempts != 10 {
			t.Errorf("%d attempts, %d requests; want 10 of each", attempts, len(srv.Requests()))
		}
		_, err = get(t, c.HTTP(), srv.URL()+"/items") //nolint:bodyclose // get closes it
		if err == nil || !strings.HasSuffix(err.Error(), "stopped after 10 redirects") {
			t.Errorf("through HTTP: got error %v; want net/http's for 10 redirects", err)
		}
	})
}

// The bound is on a chain of redirects. Each attempt of a call starts a new chain.
func TestRedirectChainsAreBoundedPerAttempt(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		n := 0
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch n++; {
			case n%4 != 0:
				http.Redirect(w, r, "/again", http.StatusFound)
			case n < 16:
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}))
		status, err := send(t.Context(), t, newClient(t, srv, client.Config{}), "GET", "/items", "")
		if err != nil || status != 200 || n != 16 {
			t.Errorf("got status %d, error %v after %d requests; want 200 after 16", status, err, n)
		}
	})
}

// A failure behind a redirect is retried from the first request, whose redirect may lead to
// another address now. Another origin is judged by its status.
func TestRedirectIsFollowedAgainByARetry(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		vendor := retrywisetest.New(t, retrywisetest.Status(302, "Location", "https://storage.test/1"), retrywisetest.Status(302, "Location", "https://storage.test/2"))
		storage := retrywisetest.New(t, retrywisetest.Status(503, "X-Code", "GONE"), retrywisetest.Text(200, "rows"))
		var seen events
		c := newClient(t, nil, client.Config{
			BaseURL: "https://vendor.test", Observer: seen.observer(),
			Transport: origins{"https://vendor.test": vendor, "https://storage.test": storage},
		})
		resp, err := open(t, c, "/export") //nolint:bodyclose // open closes it
		if err != nil {
			t.Fatal(err)
		}
		rows, err := io.ReadAll(resp.Body)
		if string(rows) != "rows" || err != nil || resp.Request.URL.Path != "/2" {
			t.Errorf("got %q, error %v from %v; want \"rows\" from /2", rows, err, resp.Request.URL)
		}
		var rules []string
		for _, e := range seen.attempts {
			rules = append(rules, fmt.Sprint(e.Number, " ", e.Status, " ", e.Class, " ", e.Rule))
		}
		want := []string{"1 302 none redirect followed", "2 503 server_error status 503", "3 302 none redirect followed", "4 200 none "}
		if diff := cmp.Diff(want, rules); diff != "" {
			t.Errorf("attempts (-want +got):\n%s", diff)
		}
	})
}

// The path of a redirect is absolute, even if the base URL has a path.
func TestRedirectBelowABasePath(t *testing.T) {
	for _, through := range []string{"Send", "HTTP"} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			srv := retrywisetest.New(t, retrywisetest.Status(302, "Location", "/v1/items/7"), retrywisetest.Status(200))
			c := newClient(t, srv, client.Config{BaseURL: srv.URL() + "/v1"})
			req := newRequest(t, http.MethodGet, "/items/latest", "")
			resp, err := doors[through](c, req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if got := srv.Requests()[1].Path; got != "/v1/items/7" {
				t.Errorf("through %s: followed to %s; want /v1/items/7", through, got)
			}
		})
	}
}

// A redirect is followed even if its body does not end.
func TestRedirectBodyIsNotAwaited(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/a" {
				w.Header().Set("Location", "/b")
				w.WriteHeader(http.StatusFound)
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done()
			}
		}))
		start := time.Now()
		_, err := open(t, newClient(t, srv, client.Config{}), "/a") //nolint:bodyclose // open closes it
		if took := time.Since(start); err != nil || took > 50*time.Millisecond {
			t.Errorf("got error %v after %v; want none after at most 50ms", err, took)
		}
	})
}

// The redirect of a request without a method is followed as that of a GET.
func TestRedirectOfARequestWithoutAMethod(t *testing.T) {
	for _, through := range []string{"Send", "HTTP"} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			srv := retrywisetest.New(t, retrywisetest.Status(302, "Location", "/b"), retrywisetest.Status(200))
			req := newRequest(t, "GET", srv.URL()+"/a", "")
			req.Method = ""
			resp, err := doors[through](newClient(t, srv, client.Config{}), req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != 200 {
				t.Errorf("through %s: got status %d; want 200", through, resp.StatusCode)
			}
		})
	}
}

// Behind a redirect, a request has neither the body nor the idempotency key of the first one.
func TestRedirectDropsBodyAndKey(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(303, "Location", "/b"), retrywisetest.Status(302, "Location", "/c"), retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{})
		status, err := send(t.Context(), t, c, "GET", "/a", "query", client.CallOptions{IdempotencyKey: "k"})
		if err != nil || status != 200 {
			t.Fatalf("got status %d, error %v; want 200", status, err)
		}
		for i, r := range srv.Requests()[1:] {
			if len(r.Body) > 0 || r.Header.Get("Idempotency-Key") != "" {
				t.Errorf("request %d had the body %q and the key %q; want neither", i+2, r.Body, r.Header.Get("Idempotency-Key"))
			}
		}
	})
}

// The request behind a redirect that the caller gets has no credential of the Client, and does
// not share its header with the caller's request.
func TestRedirectChainHasNoCredential(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(302, "Location", "/b"), retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{Auth: client.Bearer(canary)})
		req := newRequest(t, "GET", srv.URL()+"/a", "", "X-Mine", "1")
		resp, err := c.Send(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.Request.Response.Request != req || resp.Request.Header.Get("Authorization") != "" {
			t.Errorf("the response's Request is %+v; want one without Authorization, redirected from the caller's", resp.Request)
		}
		if resp.Request.Header.Set("X-Mine", "2"); req.Header.Get("X-Mine") != "1" {
			t.Errorf("X-Mine of the caller's request is %q; want 1", req.Header.Get("X-Mine"))
		}
	})
}

// The request behind a redirect has no headers about a body.
func TestRedirectDropsTheHeadersOfTheBody(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(303, "Location", "/result"), retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{})
		resp, err := c.Send(newRequest(t, "POST", "/jobs", "x", "Content-Type", "text/csv", "Content-Encoding", "gzip", "X-Job", "7"))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		got := srv.Requests()[1].Header
		if got.Get("Content-Type") != "" || got.Get("Content-Encoding") != "" || got.Get("X-Job") != "7" {
			t.Errorf("headers behind the redirect: %v; want X-Job, but none about the body", got)
		}
	})
}

// The userinfo of a URL is not sent to where a redirect leads, nor after a retry.
func TestRedirectDropsTheUserinfo(t *testing.T) {
	for _, before := range []int{0, 1} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			answers := script{retrywisetest.Status(302, "Location", "http://vendor.test/b"), retrywisetest.Status(200)}
			if before > 0 {
				answers = append(script{retrywisetest.Status(503)}, answers...)
			}
			srv := retrywisetest.New(t, answers...)
			c := newClient(t, srv, client.Config{})
			if _, err := send(t.Context(), t, c, "GET", "http://u:p@vendor.test/a", ""); err != nil {
				t.Fatal(err)
			}
			all := srv.Requests()
			first, last := all[0].Header.Get("Authorization"), all[len(all)-1].Header.Get("Authorization")
			if first != "Basic dTpw" || last != "" {
				t.Errorf("after %d failures: Authorization %q, behind the redirect %q; want Basic dTpw, none", before, first, last)
			}
		})
	}
}
