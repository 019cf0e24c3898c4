package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A desk is a shop that honors keys at one endpoint, for two hours, and stores its failures.
type desk struct{ shop }

func (d desk) Profile() policy.Profile {
	p := d.shop.Profile()
	p.Idempotency = policy.Idempotency{
		Header: "X-Key", Methods: []string{"POST"}, Paths: []string{"/tickets"}, Form: policy.KeyUUID, Lifetime: 2 * time.Hour,
		Replays: []policy.StatusRange{{From: 500, To: 500}},
	}
	return p
}

// deskPolicy is the policy of a desk.
func deskPolicy(t testing.TB) policy.Policy {
	t.Helper()
	return shopPolicy(t).With(
		policy.Rule{When: policy.Match{Codes: []string{"IN_USE"}}, Class: apierrors.Conflict, Action: apierrors.Retry, Applied: new(apierrors.AppliedUnknown)},
		policy.Rule{When: policy.Match{Codes: []string{"OTHER"}}, Class: apierrors.Conflict, Action: apierrors.Surface, Applied: new(apierrors.AppliedNo)},
	)
}

var ticketKey = client.KeyFor("tickets.create", "7")

// keysOf returns the keys with which a desk was called.
func keysOf(srv *retrywisetest.Server) []string {
	var keys []string
	for _, r := range srv.Requests() {
		keys = append(keys, r.Header.Get("X-Key"))
	}
	return keys
}

// A key goes where the vendor honors keys, and has the vendor's form. Elsewhere the call fails,
// so that nobody relies on it.
func TestIdempotencyKeyPerEndpoint(t *testing.T) {
	for name, tt := range map[string]struct {
		method, path, key string
		want              string // the summary of the error; empty: it is sent
	}{
		"the endpoint":       {"POST", "/tickets", ticketKey, ""},
		"another path":       {"POST", "/tickets/7", ticketKey, "IdempotencyKey: shop honors none at this endpoint"},
		"another method":     {"PUT", "/tickets", ticketKey, "IdempotencyKey: shop honors none at this endpoint"},
		"no method":          {"", "/tickets", ticketKey, "IdempotencyKey: shop honors none at this endpoint"},
		"another form":       {"POST", "/tickets", "anna@example.eu", "IdempotencyKey: it is not a UUID, such as client.KeyFor returns"},
		"a key of two lines": {"POST", "/tickets", "k\n1", "IdempotencyKey: it has a line break or another control character"},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				var answers script
				if tt.want == "" {
					answers = script{retrywisetest.Reset(), retrywisetest.Status(201)}
				}
				srv := retrywisetest.New(t, answers...)
				c := newClient(t, srv, client.Config{Vendor: desk{shop{deskPolicy(t)}}})
				_, err := send(t.Context(), t, c, tt.method, tt.path, "x", client.CallOptions{IdempotencyKey: tt.key})
				if tt.want == "" {
					if diff := cmp.Diff([]string{tt.key, tt.key}, keysOf(srv)); diff != "" || err != nil {
						t.Errorf("error %v, keys (-want +got):\n%s", err, diff)
					}
					return
				}
				e := failure(t, err)
				if diff := cmp.Diff(tt.want, e.Summary); diff != "" || e.Class != apierrors.MalformedRequest || len(srv.Requests()) != 0 {
					t.Errorf("class %v, %d requests, summary (-want +got):\n%s", e.Class, len(srv.Requests()), diff)
				}
			})
		})
	}
}

// What a vendor that honors keys answers, and what becomes of the call.
func TestIdempotencyKeyAnswers(t *testing.T) {
	code := func(status int, code string) retrywisetest.Answer {
		return retrywisetest.Status(status, "X-Code", code)
	}
	for name, tt := range map[string]struct {
		answers  script
		requests int
		class    apierrors.Class // of the error; None: there is none
		stop     apierrors.Stop
		applied  apierrors.Applied
	}{
		"the first request is under way": {script{retrywisetest.Reset(), code(409, "IN_USE"), code(409, "IN_USE"), retrywisetest.Status(201)}, 4, 0, 0, 0},
		"another request has the key":    {script{code(400, "OTHER")}, 1, apierrors.Conflict, apierrors.StopPermanent, apierrors.AppliedNo},
		"another request, after a reset": {script{retrywisetest.Reset(), code(400, "OTHER")}, 2, apierrors.Conflict, apierrors.StopPermanent, apierrors.AppliedUnknown},
		"a failure that is stored":       {script{retrywisetest.Status(500)}, 1, apierrors.ServerError, apierrors.StopPermanent, apierrors.AppliedUnknown},
		"a failure that is not stored":   {script{retrywisetest.Status(502), retrywisetest.Status(201)}, 2, 0, 0, 0},
		"a limit, and then a success":    {script{retrywisetest.Reset(), retrywisetest.Status(429, "Retry-After", "60"), retrywisetest.Status(201)}, 3, 0, 0, 0},
		"a limit beyond the key's life":  {script{retrywisetest.Reset(), retrywisetest.Status(429, "Retry-After", "7200")}, 2, apierrors.RateLimited, apierrors.StopUnsafe, apierrors.AppliedUnknown},
		"such a limit at once":           {script{retrywisetest.Status(429, "Retry-After", "7200")}, 1, apierrors.RateLimited, apierrors.StopMaxWait, apierrors.AppliedNo},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.answers...)
				c := newClient(t, srv, client.Config{Vendor: desk{shop{deskPolicy(t)}}})
				_, err := send(t.Context(), t, c, "POST", "/tickets", "x", client.CallOptions{IdempotencyKey: ticketKey, MaxWait: new(24 * time.Hour)})
				if diff := cmp.Diff(repeatedKey(tt.requests), keysOf(srv)); diff != "" {
					t.Errorf("keys (-want +got):\n%s", diff)
				}
				if tt.class == apierrors.None {
					if err != nil {
						t.Error(err)
					}
					return
				}
				e := failure(t, err)
				if e.Class != tt.class || e.Stop != tt.stop || e.Applied != tt.applied || e.IdempotencyKey != ticketKey {
					t.Errorf("class %v, stop %v, applied %v, key %q; want %v, %v, %v, the key", e.Class, e.Stop, e.Applied, e.IdempotencyKey, tt.class, tt.stop, tt.applied)
				}
				if e.Stop == apierrors.StopUnsafe && apierrors.Temporary(e) {
					t.Error("it is temporary, although a later run may execute it twice")
				}
			})
		})
	}
}

func repeatedKey(n int) []string {
	var keys []string
	for range n {
		keys = append(keys, ticketKey)
	}
	return keys
}

// While another call's limit holds it back, a call does not outlive its key either.
func TestIdempotencyKeyInAQueue(t *testing.T) {
	for name, tt := range map[string]struct {
		repeatable bool
		stop       apierrors.Stop
	}{
		"a call that may have been executed": {false, apierrors.StopUnsafe},
		"a call that may be repeated":        {true, apierrors.StopMaxWait},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				var c *client.Client
				srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodGet {
						w.Header().Set("Retry-After", "10800")
						w.WriteHeader(http.StatusTooManyRequests)
						return
					}
					_, _ = send(context.Background(), t, c, "GET", "/limited", "", client.CallOptions{MaxWait: new(time.Duration)})
					w.WriteHeader(http.StatusBadGateway)
				}))
				c = newClient(t, srv, client.Config{Vendor: desk{shop{deskPolicy(t)}}})
				_, err := send(t.Context(), t, c, "POST", "/tickets", "x", client.CallOptions{
					IdempotencyKey: ticketKey, MaxWait: new(24 * time.Hour), Repeatable: tt.repeatable,
				})
				if e := failure(t, err); e.Stop != tt.stop || e.Applied != apierrors.AppliedUnknown || e.RetryAt.IsZero() == tt.repeatable {
					t.Errorf("stop %v, applied %v, retry at %v; want %v, unknown", e.Stop, e.Applied, e.RetryAt, tt.stop)
				}
			})
		})
	}
}

// A renewal that takes longer than the vendor knows the key ends the call.
func TestIdempotencyKeyDuringARenewal(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Reset(), retrywisetest.Status(401))
		c := newClient(t, srv, client.Config{
			Vendor: brief{desk{shop{deskPolicy(t)}}},
			Auth: renewable("t1", func(context.Context) (string, error) {
				time.Sleep(20 * time.Second)
				return "t2", nil
			}),
		})
		_, err := send(t.Context(), t, c, "POST", "/tickets", "x", client.CallOptions{IdempotencyKey: ticketKey})
		if e := failure(t, err); e.Stop != apierrors.StopUnsafe || e.Applied != apierrors.AppliedUnknown || len(srv.Requests()) != 2 {
			t.Errorf("stop %v, applied %v after %d requests; want unsafe, unknown after 2", e.Stop, e.Applied, len(srv.Requests()))
		}
	})
}

// brief is a desk that forgets keys soon.
type brief struct{ desk }

func (b brief) Profile() policy.Profile {
	p := b.desk.Profile()
	p.Idempotency.Lifetime = 10 * time.Second
	return p
}

func TestNewChecksWhereKeysAreHonored(t *testing.T) {
	_, err := client.New(client.Config{Vendor: misled{}})
	want := `client: Vendor: Idempotency: method "post": expected upper case
client: Vendor: Idempotency: path "tickets": expected a pattern that begins with /, where * is one segment and ** any number
client: Vendor: Idempotency: "X Key" is not the name of a header`
	if err == nil {
		t.Fatal("no error")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

// misled is a vendor whose keys are honored nowhere by mistake.
type misled struct{ shop }

func (misled) Profile() policy.Profile {
	return policy.Profile{Idempotency: policy.Idempotency{Header: "X Key", Methods: []string{"post"}, Paths: []string{"tickets"}}}
}

// The error has the key for a later run, and does not print it.
func TestErrorHasTheIdempotencyKey(t *testing.T) {
	for name, tt := range map[string]struct {
		target string // of a redirect
		status int
		want   string
	}{
		"a failure":              {"", 503, "jane@example.eu"},
		"after another request":  {"/jobs/1", 404, ""}, // to which a 303 leads
		"no response, no vendor": {"", 0, "jane@example.eu"},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					switch {
					case tt.status == 0:
						panic(http.ErrAbortHandler)
					case tt.target != "" && r.Method == http.MethodPost:
						http.Redirect(w, r, tt.target, http.StatusSeeOther)
					default:
						w.WriteHeader(tt.status)
					}
				}))
				c := newClientOf(t, client.Config{BaseURL: srv.URL(), Transport: srv.Transport()})
				_, err := send(t.Context(), t, c, "POST", "/orders", "x", client.CallOptions{IdempotencyKey: "jane@example.eu"})
				e := failure(t, err)
				asJSON, _ := json.Marshal(e)
				if printed := fmt.Sprintf("%v %+v %#v %s %s", e, *e, e, asJSON, e.Detail()); strings.Contains(printed, "jane") {
					t.Errorf("the key is printed: %s", printed)
				}
				if diff := cmp.Diff(tt.want, e.IdempotencyKey); diff != "" {
					t.Errorf("key (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// Keys are the same for ever: a run with a later version of the package has the key of the run
// that crashed.
func TestKeyFor(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string][2]string{}
	for _, pair := range [][2]string{{"", ""}, {"orders.create", "7"}, {"orders.create", "8"}, {"orders.cancel", "7"}, {"orders.create7", ""}, {"orders.creat", "e7"}, {"1 a", "b"}, {"1", " ab"}} {
		key := client.KeyFor(pair[0], pair[1])
		if other, twice := seen[key]; twice || !form.MatchString(key) {
			t.Errorf("key %q of %q; want a UUID that differs from that of %q", key, pair, other)
		}
		seen[key] = pair
	}
	if diff := cmp.Diff("31f349a6-3372-841f-9094-f5df3f083d01", client.KeyFor("orders.create", "7")); diff != "" {
		t.Errorf("key (-want +got):\n%s", diff)
	}
}

// A job that crashes after its request, and runs again, sends the same key. A vendor that honors
// keys executes the request once.
func ExampleKeyFor() {
	srv, err := retrywisetest.Start(retrywisetest.Script(retrywisetest.Status(201), retrywisetest.Status(201)))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()
	c, err := client.New(client.Config{BaseURL: srv.URL()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()

	for range 2 { // runs of the program
		_, err := client.Do[struct{}](context.Background(), c, client.Call{
			Method: http.MethodPost, Path: "/orders", Body: map[string]int{"bolts": 7},
			Options: client.CallOptions{Op: "orders.create", IdempotencyKey: client.KeyFor("orders.create", "7")},
		})
		fmt.Println(err)
	}
	for _, r := range srv.Requests() {
		fmt.Println(r.Header.Get("Idempotency-Key"))
	}
	// Output:
	// <nil>
	// <nil>
	// 31f349a6-3372-841f-9094-f5df3f083d01
	// 31f349a6-3372-841f-9094-f5df3f083d01
}
