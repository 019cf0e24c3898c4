package fake_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/retrywisetest/fake"
	"github.com/retrywise/retrywise/vendors"
)

func bodyOf(text string) io.Reader { return strings.NewReader(text) }

// An idempotency key does what the vendor's file says.
func TestKeysAreHonored(t *testing.T) {
	const key = "Idempotency-Key"
	for name, tt := range map[string]struct {
		send     func(t *testing.T, post func(path, body string, header ...string))
		statuses map[int]int
		executed int
	}{
		"without a key": {func(_ *testing.T, post func(string, string, ...string)) {
			post("/v1/charges", "a=1")
			post("/v1/charges", "a=1")
		}, map[int]int{200: 2}, 2},
		"the same request": {func(_ *testing.T, post func(string, string, ...string)) {
			post("/v1/charges", "a=1", key, "k")
			post("/v1/charges", "a=1", key, "k")
		}, map[int]int{200: 2}, 1},
		"another request": {func(_ *testing.T, post func(string, string, ...string)) {
			post("/v1/charges", "a=1", key, "k")
			post("/v1/charges", "a=2", key, "k")
		}, map[int]int{200: 1, 409: 1}, 1},
		"at the same time": {func(t *testing.T, post func(string, string, ...string)) {
			t.Helper()
			var all sync.WaitGroup
			for range 2 {
				all.Go(func() { post("/v1/slow", "a=1", key, "k") })
			}
			all.Wait()
		}, map[int]int{200: 1, 409: 1}, 1},
		"after its lifetime": {func(_ *testing.T, post func(string, string, ...string)) {
			post("/v1/charges", "a=1", key, "k")
			time.Sleep(24 * time.Hour)
			post("/v1/charges", "a=1", key, "k")
		}, map[int]int{200: 2}, 2},
		"a failure that is stored": {func(_ *testing.T, post func(string, string, ...string)) {
			post("/v1/broken", "", key, "k")
			post("/v1/broken", "", key, "k")
		}, map[int]int{500: 2}, 0},
		"a key that is too long": {func(_ *testing.T, post func(string, string, ...string)) {
			post("/v1/charges", "", key, strings.Repeat("k", 256))
		}, map[int]int{400: 1}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				api := fake.New(t, lookup(t, vendors.Stripe), fake.Options{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					switch r.URL.Path {
					case "/v1/slow":
						time.Sleep(time.Second)
					case "/v1/broken":
						w.WriteHeader(http.StatusInternalServerError)
					}
				})})
				tt.send(t, func(path, body string, header ...string) { do(t, api, "POST", path, body, header...) })
				if diff := cmp.Diff(tt.statuses, api.Statuses()); diff != "" {
					t.Errorf("statuses (-want +got):\n%s", diff)
				}
				if got := api.Ledger().Total(); got != tt.executed {
					t.Errorf("executed %d; want %d", got, tt.executed)
				}
			})
		})
	}
}

// A lost response and a key: the client's retry gets the response to the first attempt.
func TestKeysMakeALostResponseHarmless(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := lookup(t, vendors.Stripe)
		api := fake.New(t, v, fake.Options{
			Faults: retrywisetest.Faults{Plan: retrywisetest.Sequence(retrywisetest.ResetAfter)},
			Key:    func(r *http.Request, _ []byte) string { return r.URL.Path },
		})
		c := newClient(t, v, api, client.Config{})
		err := call(t.Context(), c, client.Call{Method: "POST", Path: "/v1/charges", Body: map[string]int{"amount": 1}, Options: client.CallOptions{IdempotencyKey: "order-7"}})
		if err != nil || len(api.Requests()) != 2 {
			t.Errorf("%v after %d requests; want success after 2", err, len(api.Requests()))
		}
		retrywisetest.AppliedOnce(t, api.Ledger(), "/v1/charges")
	})
}

// A token expires, is renewed once for all, and may be revoked.
func TestTokensExpire(t *testing.T) {
	for _, name := range []string{vendors.RDStation, vendors.Playable, vendors.GitHub, vendors.HubSpot} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := lookup(t, name)
				api := fake.New(t, v, fake.Options{TokenLifetime: time.Hour})
				e := failure(t, call(t.Context(), newClient(t, v, api, client.Config{Auth: client.Bearer("wrong")}), client.Call{Path: "/x"}))
				if e.Class != apierrors.Authentication || e.Status != 401 {
					t.Errorf("with a wrong token: %v", e)
				}
				c := newClient(t, v, api, client.Config{Auth: client.RenewableBearer("", api.Token)})
				for range 4 {
					if err := call(t.Context(), c, client.Call{Path: "/x"}); err != nil {
						t.Error(err)
					}
					time.Sleep(50 * time.Minute)
				}
				before := api.Renewals()
				api.Revoke()
				if err := call(t.Context(), c, client.Call{Path: "/x"}); err != nil {
					t.Error(err)
				}
				if api.Renewals() != before+1 {
					t.Errorf("%d renewals after the token was revoked; want 1", api.Renewals()-before)
				}
			})
		})
	}
}

// A token request of OAuth 2.0 that comes by the fake's transport gets a token, and neither a fault
// nor what Fail is for.
func TestTokenRequestsGetAToken(t *testing.T) {
	const form, object = "application/x-www-form-urlencoded", "application/json"
	for name, tt := range map[string]struct{ file, kind, body, want string }{
		"a form":                   {"", form, "grant_type=client_credentials", `{"access_token":"token-0001-of-shop","expires_in":3600,"token_type":"Bearer"}`},
		"an object":                {"", object + "; charset=utf-8", `{"grant_type":"refresh_token"}`, `{"access_token":"token-0001-of-shop","expires_in":3600,"token_type":"Bearer"}`},
		"the file knows the time":  {"token: {url: \"https://{a}.shop.example/token\", no_expires_in: true}\n", form, "grant_type=x", `{"access_token":"token-0001-of-shop","token_type":"Bearer"}`},
		"refresh tokens rotate":    {"token: {url: \"https://shop.example/token\", no_expires_in: true, rotates: true}\n", form, "grant_type=x", `{"access_token":"token-0001-of-shop","refresh_token":"refresh-token-0001-of-shop","token_type":"Bearer"}`},
		"a form of something else": {"", form, "name=x", ""},
		"another object":           {"", object, `{"name":"x"}`, ""},
		"text":                     {"", "text/plain", "grant_type=x", ""},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				api := fake.New(t, parsed(t, tt.file), fake.Options{TokenLifetime: time.Hour})
				api.Fail("418")
				got := do(t, api, "POST", "/token", tt.body, "Content-Type", tt.kind)
				switch isIssued := tt.want != ""; {
				case isIssued && (got.Status != 200 || got.Body != tt.want):
					t.Errorf("%d %s; want %s", got.Status, got.Body, tt.want)
				case !isIssued && got.Status != 418:
					t.Errorf("status %d; want 418", got.Status)
				}
			})
		})
	}
}

// Start serves a fake to a program.
func TestStartServesAFake(t *testing.T) {
	api, err := fake.Start(lookup(t, vendors.RDStation), fake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	if resp := get(t, api, "/x"); resp.Status != 200 {
		t.Errorf("status %d; want 200", resp.Status)
	}
}

// A request that outlives its key takes nothing away from the next one with that key.
func TestKeyThatIsForgottenDuringItsRequest(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := parsed(t, "idempotency: {header: X-Key, methods: POST, path: /orders, lifetime: 1h}")
		statuses := make(chan int, 2)
		statuses <- http.StatusInternalServerError
		statuses <- http.StatusCreated
		api := fake.New(t, v, fake.Options{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			status := <-statuses
			time.Sleep(2 * time.Hour)
			w.WriteHeader(status)
		})})
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, api.URL()+"/orders", http.NoBody)
				req.Header.Set("X-Key", "k")
				resp, err := api.Transport().RoundTrip(req)
				if err != nil {
					t.Error(err)
					return
				}
				resp.Body.Close()
			})
			time.Sleep(90 * time.Minute)
		}
		all.Wait()
		if diff := cmp.Diff(map[int]int{500: 1, 201: 1}, api.Statuses()); diff != "" {
			t.Errorf("statuses (-want +got):\n%s", diff)
		}
	})
}
