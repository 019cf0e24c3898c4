package client_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// Options for an *http.Request. They belong to this request and its copies.
func ExampleWith() {
	c, closeAll := newRDStation(retrywisetest.JSON(200, `{}`))
	defer closeAll()

	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "/platform/events", strings.NewReader(`{"event_type":"SALE"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := c.Send(client.With(req, client.CallOptions{
		Op:      "events.create",       // in errors, logs and events
		MaxWait: new(10 * time.Second), // of all waits together
		Timeout: 5 * time.Second,       // of each attempt
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(resp.StatusCode, resp.Body.Close())
	// Output: 200 <nil>
}

// Shrink halves a page that the vendor calls too large.
func ExampleCallOptions_shrink() {
	c, closeAll := newRDStation(retrywisetest.Status(413), retrywisetest.JSON(200, `["ana","bea"]`))
	defer closeAll()

	size := 100
	page := client.Call{
		Path: "/platform/contacts", Query: map[string][]string{"page_size": {fmt.Sprint(size)}},
		Options: client.CallOptions{Shrink: func(req *http.Request) (*http.Request, error) {
			if size == 1 {
				return nil, nil //nolint:nilnil // a page of one cannot be reduced
			}
			size /= 2
			smaller := req.Clone(req.Context())
			smaller.URL.RawQuery = fmt.Sprint("page_size=", size)
			return smaller, nil
		}},
	}
	names, err := client.Do[[]string](context.Background(), c, page)
	fmt.Println(names, "of a page of", size, err)
	// Output: [ana bea] of a page of 50 <nil>
}

// A token that is fetched when it is needed, and renewed before it expires and when the
// vendor rejects it. One renewal serves all calls that wait for it.
func ExampleRenewableBearer() {
	srv, err := retrywisetest.Start(retrywisetest.Script(
		retrywisetest.JSON(200, `{"access_token":"t1","expires_in":3600}`), // the login
		retrywisetest.JSON(200, `{"name":"ana"}`),                          // the call
	))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()

	login, err := client.New(client.Config{BaseURL: srv.URL()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer login.Close()
	c, err := client.New(client.Config{
		BaseURL: srv.URL(),
		Auth: client.RenewableBearer("", func(ctx context.Context) (string, time.Time, error) {
			token, err := client.Do[struct {
				AccessToken string `json:"access_token"`
				ExpiresIn   int    `json:"expires_in"`
			}](ctx, login, client.Call{
				Method: http.MethodPost, Path: "/oauth/token", Body: map[string]string{"grant_type": "client_credentials"},
				Options: client.CallOptions{Repeatable: true}, // a second token does no harm
			})
			return token.AccessToken, time.Now().Add(time.Duration(token.ExpiresIn) * time.Second), err
		}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()

	me, err := client.Do[map[string]string](context.Background(), c, client.Call{Path: "/me"})
	fmt.Println(me["name"], err, srv.Requests()[1].Header.Get("Authorization"))
	// Output: ana <nil> Bearer t1
}

// What an observer sees of a call that is retried.
func ExampleObserver() {
	srv, err := retrywisetest.Start(retrywisetest.Script(retrywisetest.Status(503), retrywisetest.Status(204)))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()

	type span struct{ name string }
	type spanKey struct{}
	quick := policy.Default().WithRetry(policy.Retry{Backoff: policy.Backoff{Base: 1, Cap: 1}})
	c, err := client.New(client.Config{BaseURL: srv.URL(), Policy: &quick, Observer: client.Observer{
		CallStart: func(ctx context.Context, e client.CallEvent) context.Context {
			return context.WithValue(ctx, spanKey{}, span{e.Op}) // what follows has the span in its context
		},
		AttemptEnd: func(ctx context.Context, e client.AttemptEvent) {
			fmt.Println(ctx.Value(spanKey{}).(span).name, "attempt", e.Number, e.Status, e.Class, e.Action) //nolint:forcetypeassert // it is set above
		},
		CallEnd: func(_ context.Context, e client.CallEvent) {
			fmt.Println(e.Op, "ended after", e.Attempts, "attempts:", e.Err)
		},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	_, _ = client.Do[struct{}](context.Background(), c, client.Call{
		Method: http.MethodDelete, Path: "/contacts/7", Options: client.CallOptions{Op: "contacts.delete"},
	})
	// Output:
	// contacts.delete attempt 1 503 server_error retry
	// contacts.delete attempt 2 204 none none
	// contacts.delete ended after 2 attempts: <nil>
}
