package client_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/retrywisetest"
)

// crossroads redirects /a with a cookie and a long body, and responds to any other path with
// that path.
func crossroads(status int, location string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/a" {
			w.Header()["Location"] = []string{location}
			http.SetCookie(w, &http.Cookie{Name: "seen", Value: "a"})
			w.WriteHeader(status)
			_, _ = io.WriteString(w, strings.Repeat("x", 3000)) // more than net/http drains
			return
		}
		retrywisetest.JSON(200, `{"at":"`+r.URL.Path+`"}`)(w, r)
	})
}

// A redirect that HTTP follows is followed by net/http. Those that it does not follow are in
// peer_redirect_test.go.
func TestHTTPRedirects(t *testing.T) {
	type row struct {
		method   string
		status   int
		location string
		body     string
	}
	rows := map[string]row{
		"303 of a POST":            {"POST", 303, "/b", "text"},
		"303 of an empty POST":     {"POST", 303, "/b", ""},
		"304":                      {"GET", 304, "/b", ""},
		"300":                      {"GET", 300, "/b", ""},
		"201 of a POST":            {"POST", 201, "/b", "text"},
		"absolute":                 {"GET", 302, "http://vendor.test/b", ""},
		"with the default port":    {"GET", 302, "http://vendor.test:80/b", ""},
		"in upper case":            {"GET", 302, "HTTP://VENDOR.test/b", ""},
		"with a query":             {"GET", 302, "/b?c=d", ""},
		"query alone":              {"GET", 302, "?c=d", ""},
		"with a fragment":          {"GET", 302, "/b#c", ""},
		"relative":                 {"GET", 302, "b/../c", ""},
		"without a scheme":         {"GET", 302, "//vendor.test/b", ""},
		"empty":                    {"GET", 302, "", ""},
		"malformed":                {"GET", 302, "http://[bad", ""},
		"malformed, of a POST":     {"POST", 302, "http://[bad", "text"},
		"loop":                     {"GET", 302, "/a", ""},
		"303 of a GET with a body": {"GET", 303, "/b", "text"},
	}
	for _, method := range []string{"GET", "HEAD"} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			rows[fmt.Sprint(status, " of a ", method)] = row{method, status, "/b", ""}
		}
	}
	for name, tt := range rows {
		t.Run(name, func(t *testing.T) {
			sameAsNetHTTP(t, crossroads(tt.status, tt.location), func(t *testing.T, hc *http.Client, base string) seen {
				jar, err := cookiejar.New(nil)
				if err != nil {
					t.Fatal(err)
				}
				hc.Jar = jar
				req := newRequest(t, tt.method, base+"/a?q=1#part", tt.body, "X-A", "1", "Authorization", "Bearer x", "Cookie", "own=1")
				return exchange(hc, req)
			})
		})
	}
}

// A CheckRedirect of the caller is called as by net/http.
func TestHTTPCheckRedirect(t *testing.T) {
	for name, check := range map[string]func(*http.Request, []*http.Request) error{
		"nil":                        nil,
		"ErrUseLastResponse":         func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		"error":                      func(*http.Request, []*http.Request) error { return errOfTheTest },
		"wrapped ErrUseLastResponse": func(*http.Request, []*http.Request) error { return fmt.Errorf("%w", http.ErrUseLastResponse) },
		"error after two":            after(2, func(*http.Request) {}),
		"changes a header":           after(9, func(next *http.Request) { next.Header.Set("X-B", "2") }),
		"removes Referer":            after(9, func(next *http.Request) { next.Header.Del("Referer") }),
		"changes the URL":            after(9, func(next *http.Request) { next.URL.Path = "/c" }),
	} {
		for _, method := range []string{"GET", "POST"} {
			for _, status := range []int{302, 303, 307, 308} {
				t.Run(fmt.Sprint(name, ", ", status, " of a ", method), func(t *testing.T) {
					sameAsNetHTTP(t, crossroads(status, "/b"), func(t *testing.T, hc *http.Client, base string) seen {
						hc.CheckRedirect = check
						body := ""
						if method == "POST" {
							body = "text"
						}
						return exchange(hc, newRequest(t, method, base+"/a", body, "X-A", "1"))
					})
				})
			}
		}
	}
}

// after returns a CheckRedirect that changes each request, and fails after n of them.
func after(n int, change func(*http.Request)) func(*http.Request, []*http.Request) error {
	return func(next *http.Request, via []*http.Request) error {
		if change(next); len(via) >= n {
			return errOfTheTest
		}
		return nil
	}
}

// The Jar is filled and used, and userinfo becomes basic authentication, as by net/http.
func TestHTTPCookiesAndUserinfo(t *testing.T) {
	visits := 0
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		visits++
		http.SetCookie(w, &http.Cookie{Name: "n", Value: fmt.Sprint(visits % 3), Path: "/"})
		w.WriteHeader([]int{200, 422, 302}[visits%3])
	})
	sameAsNetHTTP(t, handler, func(t *testing.T, hc *http.Client, base string) []seen {
		visits = 0
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		hc.Jar = jar
		var all []seen
		for range 4 {
			req := newRequest(t, "POST", base+"/items", "x")
			req.URL.User = userinfo
			all = append(all, exchange(hc, req))
		}
		return all
	})
}

// net/http opens a body by GetBody for a redirect that is then not followed, and leaves it
// open. HTTP closes it.
func TestHTTPClosesTheBodyForARedirect(t *testing.T) {
	srv := retrywisetest.Handle(t, crossroads(307, "/b"))
	c := newClient(t, srv, client.Config{})
	req := newRequest(t, "PUT", srv.URL()+"/a", "text")
	var open []*bodyTracker
	req.GetBody = func() (io.ReadCloser, error) {
		b := &bodyTracker{Reader: strings.NewReader("text")}
		open = append(open, b)
		return b, nil
	}
	if _, err := sendRequest(t, c.HTTP().Do, req); err != nil {
		t.Fatal(err)
	}
	for i, b := range open {
		if !b.closed {
			t.Errorf("body %d of GetBody is open; want it closed", i+1)
		}
	}
}
