package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// origins is a transport that knows some servers by scheme and host.
type origins map[string]*retrywisetest.Server

func (o origins) RoundTrip(r *http.Request) (*http.Response, error) {
	srv, ok := o[r.URL.Scheme+"://"+r.URL.Host]
	if !ok {
		return nil, fmt.Errorf("no server at %s", r.URL.Host)
	}
	return srv.Transport().RoundTrip(r)
}

// door is one of the two ways to send a request.
type door func(*client.Client, *http.Request) (*http.Response, error)

var doors = map[string]door{
	"Send": (*client.Client).Send,
	"HTTP": func(c *client.Client, r *http.Request) (*http.Response, error) { return c.HTTP().Do(r) },
	"HTTP with a CheckRedirect of the caller's": func(c *client.Client, r *http.Request) (*http.Response, error) {
		hc := c.HTTP()
		hc.CheckRedirect = nil // net/http's own: it follows everything
		return hc.Do(r)
	},
}

// Cards: a redirect to another port, to another host and from https to http. Measured of
// net/http: Authorization goes to the other port and to http, an X-Api-Key anywhere. Here
// only what says which answer is wanted leaves the origin.
func TestCardsARedirectTakesNoCredentialElsewhere(t *testing.T) {
	for name, to := range map[string]string{
		"another port":       "https://vendor.test:8443/file",
		"another host":       "https://storage.test/file",
		"a subdomain":        "https://files.vendor.test/file",
		"with a credential":  "https://u:p@storage.test/file",
		"back to the origin": "https://storage.test/back",
		"to http":            "http://vendor.test/file",
	} {
		for through, send := range doors {
			t.Run(name+" through "+through, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					vendor := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if r.URL.Path == "/export" {
							http.Redirect(w, r, to, http.StatusFound)
						}
					}))
					other := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if r.URL.Path == "/back" {
							http.Redirect(w, r, "https://vendor.test/last", http.StatusFound)
						}
					}))
					wire := origins{
						"https://vendor.test": vendor, "https://vendor.test:8443": other, "https://storage.test": other,
						"https://files.vendor.test": other, "http://vendor.test": other,
					}
					c := newClient(t, nil, client.Config{BaseURL: "https://vendor.test", Auth: client.Bearer("SECRET"), Transport: wire})
					req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://vendor.test/export?key=SECRET", nil)
					req.RequestURI = ""
					req.Header = http.Header{
						"X-Api-Key": {"SECRET"}, "Cookie": {"s=SECRET"}, "X-Custom": {"SECRET"}, "Referer": {"https://SECRET"},
						"Accept": {"text/csv"}, "Range": {"bytes=0-"}, "User-Agent": {"job/1"}, "If-None-Match": {`"e"`},
					}
					resp, err := send(c, req)
					if err != nil {
						t.Fatal(err)
					}
					_ = resp.Body.Close()
					if first := vendor.Requests()[0].Header; first.Get("Authorization") != "Bearer SECRET" || first.Get("X-Api-Key") != "SECRET" {
						t.Errorf("the vendor did not get its credential: %v", first)
					}
					left := slices.Concat(other.Requests(), vendor.Requests()[1:])
					if through == "Send" {
						t.Logf("net/http alone takes there: %v", takenBy(t, &http.Client{Transport: wire}, req, other))
					}
					isFollowed := name != "to http" || strings.HasSuffix(through, "caller's")
					if (len(left) > 0) != isFollowed {
						t.Errorf("%d requests left the origin", len(left))
					}
					for _, r := range left {
						delete(r.Header, "Accept-Encoding")
						if diff := cmp.Diff([]string{"Accept", "If-None-Match", "Range", "User-Agent"}, slices.Sorted(maps.Keys(r.Header))); diff != "" {
							t.Errorf("what left the origin (-want +got):\n%s", diff)
						}
					}
				})
			})
		}
	}
}

// takenBy is which secrets hc takes to other.
func takenBy(t *testing.T, hc *http.Client, req *http.Request, other *retrywisetest.Server) []string {
	t.Helper()
	before := len(other.Requests())
	req = req.Clone(t.Context())
	req.Header.Set("Authorization", "Bearer SECRET")
	resp, err := hc.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	var taken []string
	for name, values := range other.Requests()[before].Header {
		if strings.Contains(values[0], "SECRET") {
			taken = append(taken, name)
		}
	}
	slices.Sort(taken)
	return taken
}

// Within the origin a redirect is followed with everything; that of a write is not, but
// for 303 after a POST, which leads to the answer.
func TestRedirectsWithinTheOrigin(t *testing.T) {
	type hop struct{ Method, Path, Key, Body string }
	first := func(method, body string) hop { return hop{method, "/a", "k", body} }
	then := func(method string) hop { return hop{method, "/b", "k", ""} }
	for name, tt := range map[string]struct {
		method string
		status int
		body   string
		want   []hop
	}{
		"301 of a GET":             {"GET", 301, "", []hop{first("GET", ""), then("GET")}},
		"302 of a HEAD":            {"HEAD", 302, "", []hop{first("HEAD", ""), then("HEAD")}},
		"307 of a GET":             {"GET", 307, "", []hop{first("GET", ""), then("GET")}},
		"303 of a POST":            {"POST", 303, "x", []hop{first("POST", "x"), then("GET")}},
		"303 of a POST of nothing": {"POST", 303, "", []hop{first("POST", ""), then("GET")}},
		"302 of a POST":            {"POST", 302, "x", []hop{first("POST", "x")}},
		"307 of a POST":            {"POST", 307, "x", []hop{first("POST", "x")}},
		"308 of a PUT":             {"PUT", 308, "x", []hop{first("PUT", "x")}},
		"303 of a DELETE":          {"DELETE", 303, "", []hop{first("DELETE", "")}},
		"300 of a GET":             {"GET", 300, "", []hop{first("GET", "")}},
	} {
		for _, through := range []string{"Send", "HTTP"} {
			t.Run(name+" through "+through, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					answers := []retrywisetest.Answer{retrywisetest.Status(tt.status, "Location", "/b"), retrywisetest.Status(200)}
					srv := retrywisetest.New(t, answers[:len(tt.want)]...)
					c := newClient(t, srv, client.Config{})
					var body io.Reader
					if tt.body != "" {
						body = strings.NewReader(tt.body)
					}
					req, err := http.NewRequestWithContext(t.Context(), tt.method, srv.URL()+"/a", body)
					if err != nil {
						t.Fatal(err)
					}
					req.Header.Set("X-Api-Key", "k")
					resp, err := doors[through](c, req)
					if err != nil {
						t.Fatal(err)
					}
					_ = resp.Body.Close()
					var got []hop
					for _, r := range srv.Requests() {
						got = append(got, hop{r.Method, r.Path, r.Header.Get("X-Api-Key"), string(r.Body)})
					}
					if diff := cmp.Diff(tt.want, got); diff != "" {
						t.Errorf("requests (-want +got):\n%s", diff)
					}
					if last := got[len(got)-1]; resp.Request.URL.Path != last.Path || resp.Request.Method != last.Method {
						t.Errorf("the answer's request is %s %s", resp.Request.Method, resp.Request.URL)
					}
					if len(got) == 1 && (resp.StatusCode != tt.status || resp.Header.Get("Location") != "/b" || c.Check(resp) != nil) {
						t.Errorf("status %d, location %q, check %v", resp.StatusCode, resp.Header.Get("Location"), c.Check(resp))
					}
				})
			})
		}
	}
}

// What a caller fetches from elsewhere is not in the vendor's words, and closes none of
// its gates; the request is the caller's, and loses nothing. Another host of the vendor's
// domain is the vendor's.
func TestACallToAnotherOrigin(t *testing.T) {
	for name, tt := range map[string]struct {
		url   string
		base  string
		class apierrors.Class
	}{
		"elsewhere":                 {"https://storage.test/f", "https://api.vendor.test", apierrors.Permission},
		"another host of theirs":    {"https://imports.vendor.test/f", "https://api.vendor.test", apierrors.Validation},
		"another port of an IP":     {"http://127.0.0.1:2/f", "http://127.0.0.1:1", apierrors.Permission},
		"a client that was told no": {"https://storage.test/f", "", apierrors.Validation},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.Status(403, "X-Code", "BAD"))
				c, err := client.New(client.Config{Vendor: shop{shopPolicy(t)}, BaseURL: tt.base, Transport: srv.Transport()})
				if err != nil {
					t.Fatal(err)
				}
				req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, tt.url, strings.NewReader("x"))
				req.RequestURI = ""
				req.Header.Set("X-Signed", "s")
				_, err = c.Send(req) //nolint:bodyclose // there is no answer beside an error
				if e := failure(t, err); e.Class != tt.class {
					t.Errorf("class %v; want %v", e.Class, tt.class)
				}
				if got := srv.Requests()[0]; string(got.Body) != "x" || got.Header.Get("X-Signed") != "s" {
					t.Errorf("it got %q, %v", got.Body, got.Header)
				}
			})
		})
	}
}

// A body does not leave the origin, and a request that had one does not go without it:
// what the caller's own CheckRedirect wants all the same is refused before the wire.
func TestABodyDoesNotLeaveTheOrigin(t *testing.T) {
	for _, method := range []string{"GET", "PUT", "POST"} {
		for through, send := range doors {
			t.Run(method+" through "+through, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					vendor := retrywisetest.Handle(t, always(retrywisetest.Status(307, "Location", "https://storage.test/object")))
					storage := retrywisetest.New(t)
					c := newClient(t, nil, client.Config{
						BaseURL: "https://vendor.test", Transport: origins{"https://vendor.test": vendor, "https://storage.test": storage},
					})
					req := newRequest(t, method, "https://vendor.test/object", "the object")
					resp, err := send(c, req)
					switch {
					case err != nil:
						if e := failure(t, err); e.Applied != apierrors.AppliedNo || e.Class != apierrors.MalformedRequest {
							t.Errorf("class %v, applied %v", e.Class, e.Applied)
						}
					case resp.StatusCode != http.StatusTemporaryRedirect || resp.Body.Close() != nil:
						t.Errorf("status %d", resp.StatusCode)
					}
				})
			})
		}
	}
}

// The scheme is part of the origin, also where both name the same port.
func TestACredentialStaysWithItsScheme(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{BaseURL: "https://vendor.test:8443", Auth: client.Bearer("s3cret")})
		if _, err := send(t.Context(), t, c, "GET", "http://vendor.test:8443/items", ""); err != nil {
			t.Fatal(err)
		}
		if got := srv.Requests()[0].Header.Get("Authorization"); got != "" {
			t.Errorf("without encryption it got %q", got)
		}
	})
}

// What a redirect led away from the origin is judged by its status, wherever it leads.
func TestWhatARedirectLedToIsNotTheVendors(t *testing.T) {
	for name, tt := range map[string]struct{ base, to string }{
		"another host of theirs":    {"https://api.vendor.test", "https://files.vendor.test/f"},
		"a client that was told no": {"", "https://storage.test/f"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.Status(302, "Location", tt.to), retrywisetest.Status(403, "X-Code", "BAD"))
				c, err := client.New(client.Config{Vendor: shop{shopPolicy(t)}, BaseURL: tt.base, Transport: srv.Transport()})
				if err != nil {
					t.Fatal(err)
				}
				_, _, err = open(t, c, "https://api.vendor.test/export") //nolint:bodyclose // there is no answer beside an error
				if got := apierrors.ClassOf(err); got != apierrors.Permission {
					t.Errorf("class %v; want permission, by its status", got)
				}
			})
		})
	}
}

// Which origin is the vendor's. (Rows for TestACallToAnotherOrigin.)
func TestWhichOriginIsTheVendors(t *testing.T) {
	for name, tt := range map[string]struct {
		url, base string
		vendor    client.Vendor
		class     apierrors.Class
	}{
		"an IP, and its port told":                {"http://127.0.0.1:80/f", "http://127.0.0.1", shop{shopPolicy(t)}, apierrors.Validation},
		"another IP of the same end":              {"http://10.0.0.1/f", "http://10.9.0.1", shop{shopPolicy(t)}, apierrors.Permission},
		"another port of a short name":            {"https://vendor.test:8443/f", "https://vendor.test", shop{shopPolicy(t)}, apierrors.Validation},
		"an address that only the data name":      {"https://proxy.test/f", "", shopAt{shop{shopPolicy(t)}}, apierrors.Validation},
		"an address that the caller has told too": {"https://proxy.test/f", "https://api.vendor.test", shopAt{shop{shopPolicy(t)}}, apierrors.Permission},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.Status(403, "X-Code", "BAD"))
				c, err := client.New(client.Config{Vendor: tt.vendor, BaseURL: tt.base, Transport: srv.Transport()})
				if err != nil {
					t.Fatal(err)
				}
				_, err = send(t.Context(), t, c, "POST", tt.url, "x")
				if got := apierrors.ClassOf(err); got != tt.class {
					t.Errorf("class %v; want %v", got, tt.class)
				}
			})
		})
	}
}

// A redirect that led away and back is not trusted again: its 401 is not about our token.
func TestA401BehindADetourRenewsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendor := retrywisetest.New(t, retrywisetest.Status(302, "Location", "https://storage.test/back"), retrywisetest.Status(401))
		storage := retrywisetest.New(t, retrywisetest.Status(302, "Location", "https://vendor.test/last"))
		renewed := 0
		c := newClient(t, nil, client.Config{
			BaseURL: "https://vendor.test", Transport: origins{"https://vendor.test": vendor, "https://storage.test": storage},
			Auth: renewable("t", func(context.Context) (string, error) {
				renewed++
				return "new", nil
			}),
		})
		_, err := send(t.Context(), t, c, "GET", "/export", "")
		if e := failure(t, err); e.Class != apierrors.Authentication || renewed != 0 {
			t.Errorf("class %v, renewed %d times", e.Class, renewed)
		}
	})
}

// The vendor's rules, and the operator's, are about the vendor.
func TestWhatIsElsewhereIsJudgedByNoRuleOfTheVendor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lenient := shopPolicy(t).With(policy.Rule{When: policy.Match{Statuses: []policy.StatusRange{{From: 403, To: 403}}}, Action: apierrors.Accept})
		srv := retrywisetest.New(t, retrywisetest.Status(403), retrywisetest.Status(403))
		c := newClient(t, srv, client.Config{BaseURL: "https://vendor.test", Policy: &lenient})
		if status, err := send(t.Context(), t, c, "GET", "https://vendor.test/f", ""); status != 403 || err != nil {
			t.Errorf("the vendor's: status %d, %v", status, err)
		}
		if _, err := send(t.Context(), t, c, "GET", "https://storage.test/f", ""); !errors.Is(err, apierrors.Permission) {
			t.Errorf("elsewhere: %v", err)
		}
	})
}

// A gate of elsewhere is nobody's. (closeGate is not asked for what is strange.)
func TestA429OfElsewhereHoldsNobodyBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", "3600"), retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{BaseURL: "https://vendor.test"})
		_, _ = send(t.Context(), t, c, "GET", "https://storage.test/f", "")
		if status, err := send(t.Context(), t, c, "GET", "https://vendor.test/items", ""); status != 200 {
			t.Errorf("status %d, %v", status, err)
		}
	})
}
