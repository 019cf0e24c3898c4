package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/vendors"
)

// A Contact is a record of RD Station.
type Contact struct {
	Email string   `json:"email,omitempty"`
	Tags  []string `json:"tags,omitempty"`
}

// newRDStation returns a client of RD Station for the examples, whose server gives the
// answers in turn. Its backoff is short.
func newRDStation(answers ...retrywisetest.Answer) (c *client.Client, closeAll func()) {
	srv, err := retrywisetest.Start(retrywisetest.Script(answers...))
	if err != nil {
		panic(err)
	}
	rd, err := vendors.Lookup(vendors.RDStation)
	if err != nil {
		panic(err)
	}
	c, err = client.New(client.Config{
		Vendor:  rd,
		BaseURL: srv.URL(), // in production, the vendor's own
		Auth:    client.Bearer("token"),
		Policy:  new(rd.Policy().WithRetry(policy.Retry{Backoff: policy.Backoff{Base: 1, Cap: 1}})),
	})
	if err != nil {
		panic(err)
	}
	return c, func() {
		_ = c.Close()
		srv.Close()
	}
}

// A typed call: the body is sent as JSON, and the response is decoded. The first attempt
// meets a server that is down, and is retried.
func ExampleDo() {
	c, closeAll := newRDStation(
		retrywisetest.HTML(503),
		retrywisetest.JSON(200, `{"email":"ana@example.com","tags":["vip"]}`),
	)
	defer closeAll()

	contact, err := client.Do[Contact](context.Background(), c, client.Call{
		Method:  http.MethodPatch,
		Path:    "/platform/contacts/email:" + url.PathEscape("ana@example.com"),
		Body:    Contact{Tags: []string{"vip"}},
		Options: client.CallOptions{Op: "contacts.upsert", RecordKey: "ana@example.com"},
	})
	fmt.Println(contact, err)
	// Output: {ana@example.com [vip]} <nil>
}

// What a worker does with the end of a call. Whether the vendor may have executed a write
// comes first: such a call must not simply be run again.
func ExampleDo_worker() {
	c, closeAll := newRDStation(
		retrywisetest.JSON(400, `{"errors":{"tags":[{"error_type":"VALUES_MUST_BE_LOWERCASE","error_message":"must not contain capital letters"}]}}`),
		retrywisetest.JSON(429, `{"error":"lead_limiter: too many requests","max":24,"usage":25,"remaining_time":20745}`),
		retrywisetest.JSON(401, `{"errors":[{"error_type":"ACCESS_DENIED","error_message":"Wrong credentials provided."}]}`),
		retrywisetest.Reset(),
	)
	defer closeAll()

	for _, call := range []client.Call{
		{Method: http.MethodPatch, Path: "/platform/contacts/uuid:1", Body: Contact{Tags: []string{"VIP"}}},
		{Method: http.MethodPatch, Path: "/platform/contacts/uuid:2", Body: Contact{Tags: []string{"vip"}}, Options: client.CallOptions{RecordKey: "2"}},
		{Method: http.MethodPatch, Path: "/platform/contacts/uuid:3", Body: Contact{Tags: []string{"vip"}}},
		{Method: http.MethodPost, Path: "/platform/events", Body: map[string]string{"event_type": "SALE"}},
	} {
		_, err := client.Do[Contact](context.Background(), c, call)
		e, _ := errors.AsType[*apierrors.Error](err)
		switch {
		case err == nil:
			fmt.Println("delivered")
		case e == nil:
			fmt.Println("not a failure of the call:", err)
		case e.Stop == apierrors.StopUnsafe:
			fmt.Println("look it up before it is sent again:", e.Applied)
		case e.Action == apierrors.Surface:
			fmt.Println("dead letter:", e.Code, e.Fields[0].Path)
		case e.Action == apierrors.FailFast:
			fmt.Println("stop the job:", e.Class)
		case !e.RetryAt.IsZero():
			fmt.Println("run it again at a given time:", e.Class)
		default:
			fmt.Println("run it again later:", e.Class)
		}
	}
	// Output:
	// dead letter: VALUES_MUST_BE_LOWERCASE tags
	// run it again at a given time: rate_limited
	// stop the job: authentication
	// look it up before it is sent again: unknown
}

// The headers of a response: here, the link to the next page.
func ExampleDoResponse() {
	c, closeAll := newRDStation(
		retrywisetest.JSON(200, `["ana"]`, "Link", `<?page=2>; rel="next"`),
		retrywisetest.JSON(200, `["bea"]`),
	)
	defer closeAll()

	page, err := client.DoResponse[[]string](context.Background(), c, client.Call{Path: "/platform/contacts"})
	if err != nil {
		fmt.Println(err)
		return
	}
	next := "?page=2" // from page.Header.Get("Link"), by your parser of choice
	rest, err := client.Do[[]string](context.Background(), c, client.Call{Path: "/platform/contacts", Link: next})
	fmt.Println(page.Value, page.Header.Get("Link"), rest, err)
	// Output: [ana] <?page=2>; rel="next" [bea] <nil>
}

// A form, and a file as it is.
func ExampleCall_body() {
	c, closeAll := newRDStation(retrywisetest.Status(204), retrywisetest.Status(204))
	defer closeAll()

	_, err := client.Do[struct{}](context.Background(), c, client.Call{
		Method: http.MethodPost, Path: "/auth/token", Body: url.Values{"grant_type": {"refresh_token"}},
	})
	fmt.Println(err)
	_, err = client.Do[struct{}](context.Background(), c, client.Call{
		Method: http.MethodPut, Path: "/platform/imports/7", Body: []byte("email\nana@example.com\n"),
		Header: http.Header{"Content-Type": {"text/csv"}},
	})
	fmt.Println(err)
	// Output:
	// <nil>
	// <nil>
}
