package client

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A tellingVendor says by its own headers and bodies what is left of its limits.
type tellingVendor struct {
	anyVendor
	policy policy.Policy
	quotas func(policy.Answer) []policy.Quota
	in2xx  bool
}

func (v tellingVendor) Profile() policy.Profile {
	return policy.Profile{Name: v.policy.Name(), Policy: v.policy, Quotas: v.quotas, ErrorsIn2xx: v.in2xx}
}

// tellingPolicy has limits for all, for a path and for a record, and one that is off.
func tellingPolicy(t *testing.T) policy.Policy {
	t.Helper()
	limit := func(name string, change func(*policy.Limit)) policy.Limit {
		l := policy.Limit{Name: name, Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1000, Per: time.Second}, Burst: 1000}
		change(&l)
		return l
	}
	p, err := policy.New(policy.Settings{Name: "shop", Limits: []policy.Limit{
		limit("all", func(*policy.Limit) {}),
		limit("search", func(l *policy.Limit) { l.Paths = []string{"/search"} }),
		limit("item", func(l *policy.Limit) { l.Scope = apierrors.ScopeRecord }),
		limit("each", func(l *policy.Limit) { l.Scope = apierrors.ScopeEndpoint }),
		limit("off", func(l *policy.Limit) { l.Off = true }),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// What the vendor's data gets of a response.
func TestReadQuotasOfAResponse(t *testing.T) {
	body := `{"left":7}`
	answer := func(method, path string, status int, body string) policy.Answer {
		a := policy.Answer{Method: method, Path: path, Status: status}
		if body != "" {
			a.Body = []byte(body)
		}
		return a
	}
	send := func(method, path string) func(*Client, *http.Request) error {
		return func(c *Client, req *http.Request) error {
			req.Method, req.URL.Path = method, path
			resp, err := c.Send(req)
			if err == nil {
				err = resp.Body.Close()
			}
			return err
		}
	}
	typed := func(c *Client, req *http.Request) error {
		_, err := Do[any](req.Context(), c, Call{Path: "/typed"})
		return err
	}
	for name, tt := range map[string]struct {
		answers []retrywisetest.Answer
		in2xx   bool
		call    func(*Client, *http.Request) error
		want    []policy.Answer
	}{
		"a stream":         {[]retrywisetest.Answer{retrywisetest.JSON(200, body)}, false, send("POST", "/a"), []policy.Answer{answer("POST", "/a", 200, "")}},
		"a short stream":   {[]retrywisetest.Answer{retrywisetest.JSON(200, body)}, true, send("GET", "/a"), []policy.Answer{answer("GET", "/a", 200, body)}},
		"a typed response": {[]retrywisetest.Answer{retrywisetest.JSON(200, body)}, false, typed, []policy.Answer{answer("GET", "/typed", 200, body)}},
		"an error":         {[]retrywisetest.Answer{retrywisetest.JSON(422, body)}, false, send("GET", "/a"), []policy.Answer{answer("GET", "/a", 422, body)}},
		"a retry":          {[]retrywisetest.Answer{retrywisetest.JSON(503, body), retrywisetest.Status(200)}, false, send("GET", "/a"), []policy.Answer{answer("GET", "/a", 503, body), answer("GET", "/a", 200, "")}},
		"a redirect":       {[]retrywisetest.Answer{retrywisetest.Status(303, "Location", "/b"), retrywisetest.Status(200)}, false, send("POST", "/a"), []policy.Answer{answer("POST", "/a", 303, ""), answer("GET", "/b", 200, "")}},
		"no response":      {[]retrywisetest.Answer{retrywisetest.Reset()}, false, send("POST", "/a"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.answers...)
				var got []policy.Answer
				vendor := tellingVendor{policy: tellingPolicy(t), in2xx: tt.in2xx, quotas: func(a policy.Answer) []policy.Quota {
					if a.Received.IsZero() || a.Header.Get("Date") == "" {
						t.Errorf("received at %v, header %v", a.Received, a.Header)
					}
					a.Received, a.Header = time.Time{}, nil
					got = append(got, a)
					return nil
				}}
				c, err := New(Config{Vendor: vendor, BaseURL: srv.URL(), Transport: srv.Transport()})
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL(), nil)
				if err != nil {
					t.Fatal(err)
				}
				_ = tt.call(c, req)
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("responses (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// The vendor's own words for a limit replace the common headers. What they say about a limit
// that does not hold back the request is left out, but for a slot that is free again.
func TestReadQuotasReplacesCommonHeaders(t *testing.T) {
	common := []string{"RateLimit-Limit", "100", "RateLimit-Remaining", "70", "RateLimit-Reset", "30"}
	structured := []string{"RateLimit", `"all";r=70;t=30, "month";r=500;t=86400`}
	generic := policy.Quota{Size: 100, Left: 70, Reset: 30 * time.Second, IsGuess: true}
	month := policy.Quota{Limit: "month", Left: 500, Reset: 24 * time.Hour}
	all := policy.Quota{Limit: "all", Size: 50, Left: 20, Reset: time.Hour}
	for name, tt := range map[string]struct {
		path, record string
		header       []string
		told, want   []policy.Quota
	}{
		"nothing":                    {"/a", "", common, nil, []policy.Quota{generic}},
		"what is left":               {"/a", "", common, []policy.Quota{all}, []policy.Quota{all}},
		"of the same name":           {"/a", "", structured, []policy.Quota{all}, []policy.Quota{month, all}},
		"only what was spent":        {"/a", "", common, []policy.Quota{{Limit: "all", Left: -1, Spent: 3}}, []policy.Quota{generic, {Limit: "all", Left: -1, Spent: 3}}},
		"a limit of another path":    {"/a", "", common, []policy.Quota{{Limit: "search", Left: 1}}, []policy.Quota{generic}},
		"a limit of the path":        {"/search", "", common, []policy.Quota{{Limit: "search", Left: 1}}, []policy.Quota{{Limit: "search", Left: 1}}},
		"a limit that is off":        {"/a", "", common, []policy.Quota{{Limit: "off", Left: 1}}, []policy.Quota{generic}},
		"a record that is not known": {"/a", "", common, []policy.Quota{{Limit: "item", Left: 1}}, []policy.Quota{generic}},
		"a record":                   {"/a", "7", common, []policy.Quota{{Limit: "item", Left: 1}}, []policy.Quota{{Limit: "item", Left: 1}}},
		"a limit of each endpoint":   {"/a", "", common, []policy.Quota{{Limit: "each", Left: 1}}, []policy.Quota{{Limit: "each", Left: 1}}},
		"one that nobody declared":   {"/a", "", common, []policy.Quota{{Limit: "new", Left: 1}}, []policy.Quota{{Limit: "new", Left: 1}}},
		"a slot of another path":     {"/a", "", common, []policy.Quota{{Limit: "search", Left: -1, Freed: true}}, []policy.Quota{generic, {Limit: "search", Left: -1, Freed: true}}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.Status(200, tt.header...))
				vendor := tellingVendor{policy: tellingPolicy(t), quotas: func(policy.Answer) []policy.Quota { return tt.told }}
				got := reportedQuotas(t.Context(), t, vendor, srv, srv.URL(), tt.path, CallOptions{RecordKey: tt.record})
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("quotas (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// What another origin says is not about the vendor's limits.
func TestReadQuotasOfAnotherOrigin(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(200))
		vendor := tellingVendor{policy: tellingPolicy(t), quotas: func(policy.Answer) []policy.Quota {
			t.Error("the vendor was asked about another origin")
			return nil
		}}
		_ = reportedQuotas(t.Context(), t, vendor, srv, "http://shop.test", "/a", CallOptions{})
	})
}

// reportedQuotas sends a GET to srv, and returns what is reported about limits.
func reportedQuotas(ctx context.Context, t *testing.T, v Vendor, srv *retrywisetest.Server, baseURL, path string, o CallOptions) []policy.Quota {
	t.Helper()
	c, err := New(Config{Vendor: v, BaseURL: baseURL, Transport: srv.Transport()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r := &recorder{Shared: c.traffic.Shared}
	c.traffic.Shared = r
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Send(With(req, o))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if len(r.reports) == 0 {
		return nil
	}
	return r.reports[0].Quotas
}
