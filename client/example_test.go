package client_test

import (
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/vendors"
)

// customerGauge returns a client of CustomerGauge over a server that gives answers.
func customerGauge(answers ...retrywisetest.Answer) (*client.Client, func()) {
	srv, err := retrywisetest.Start(retrywisetest.Script(answers...))
	if err != nil {
		panic(err)
	}
	gauge, err := vendors.Lookup(vendors.CustomerGauge)
	if err != nil {
		panic(err)
	}
	quick := gauge.Policy().WithRetry(policy.Retry{Backoff: policy.Backoff{Base: 1, Cap: 1}})
	c, err := client.New(client.Config{Vendor: gauge, BaseURL: srv.URL(), Policy: &quick, Auth: client.APIKey("Authorization", "api_key K")})
	if err != nil {
		panic(err)
	}
	return c, func() {
		_ = c.Close()
		srv.Close()
	}
}

// An ETL job goes on as it was. CustomerGauge says 400 when its own database is down: that
// is tried again, and the job sees the answer that came then.
func ExampleClient_HTTP() {
	c, done := customerGauge(
		retrywisetest.JSON(400, `{"Error":{"Message":"Could not make connection to database.","Code":400120}}`),
		retrywisetest.JSON(200, `{"Data":[{"id":1}]}`),
	)
	defer done()

	hc := c.HTTP() // before: hc := &http.Client{}

	resp, err := hc.Get("/v4.1/transactions/list.json") //nolint:noctx // as a job has it
	if err != nil {
		fmt.Println(client.CleanError(err))
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	fmt.Println(resp.StatusCode, string(body), err)
	// Output: 200 {"Data":[{"id":1}]} <nil>
}

// What an answer means, Check tells: here, whether the record or the job is at fault.
func ExampleClient_Check() {
	c, done := customerGauge(retrywisetest.JSON(400, `{"Error":{"Message":"Email address is required","Code":400402}}`))
	defer done()

	resp, err := c.HTTP().Post("/v4.1/lists/unsubscribe.json", "application/json", nil) //nolint:noctx // as a job has it
	if err != nil {
		fmt.Println(client.CleanError(err))
		return
	}
	defer resp.Body.Close()
	if e, ok := errors.AsType[*apierrors.Error](c.Check(resp)); ok {
		fmt.Println(resp.StatusCode, e.Class, e.Code, e.Action, "applied:", e.Applied)
	}
	// Output: 400 validation 400402 surface applied: no
}

// net/http prints the URL before each of its errors, with its query.
func ExampleCleanError() {
	theirs := &url.Error{Op: "Get", URL: "https://api.example.com/v1?key=secret", Err: errors.New("connection refused")}
	fmt.Println(theirs)
	fmt.Println(client.CleanError(theirs))
	// Output:
	// Get "https://api.example.com/v1?key=secret": connection refused
	// Get "https://api.example.com": connection refused
}
