package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// Send is for an *http.Request, and streams the response.
func ExampleClient_Send() {
	c, closeAll := newRDStation(retrywisetest.Status(502), retrywisetest.Body(200, "text/csv", "a,b\n1,2\n"))
	defer closeAll()

	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "/platform/exports/7", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := c.Send(req)
	if err != nil {
		fmt.Println(err) // an *apierrors.Error
		return
	}
	defer resp.Body.Close()
	rows, err := io.ReadAll(resp.Body)
	fmt.Printf("%s%v\n", rows, err)
	// Output:
	// a,b
	// 1,2
	// <nil>
}

// An ETL job goes on as before. HTTP returns an *http.Client that retries.
func ExampleClient_HTTP() {
	c, closeAll := newRDStation(retrywisetest.Status(503), retrywisetest.JSON(200, `{"contacts":[]}`))
	defer closeAll()

	hc := c.HTTP() // before: hc := &http.Client{}

	resp, err := hc.Get("/platform/contacts") //nolint:noctx // as the job has it
	if err != nil {
		fmt.Println(client.CleanError(err))
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	fmt.Println(resp.StatusCode, string(body), err)
	// Output: 200 {"contacts":[]} <nil>
}

// Check says what a response of HTTP means: here, that one record is refused.
func ExampleClient_Check() {
	c, closeAll := newRDStation(retrywisetest.JSON(400, `{"errors":{"email":[{"error_type":"INVALID_FORMAT","error_message":"ana@ has characters that are not allowed"}]}}`))
	defer closeAll()

	resp, err := c.HTTP().Post("/platform/contacts", "application/json", strings.NewReader(`{"email":"ana@"}`)) //nolint:noctx // as the job has it
	if err != nil {
		fmt.Println(client.CleanError(err))
		return
	}
	defer resp.Body.Close()
	if e, ok := errors.AsType[*apierrors.Error](c.Check(resp)); ok {
		fmt.Println(resp.StatusCode, e.Class, e.Code, e.Action, "applied:", e.Applied)
	}
	// Output: 400 validation INVALID_FORMAT surface applied: no
}

// net/http puts the URL before each of its errors, with its query.
func ExampleCleanError() {
	err := &url.Error{Op: "Get", URL: "https://api.example.com/v1?key=secret", Err: errors.New("connection refused")}
	fmt.Println(err)
	fmt.Println(client.CleanError(err))
	// Output:
	// Get "https://api.example.com/v1?key=secret": connection refused
	// Get "https://api.example.com": connection refused
}
