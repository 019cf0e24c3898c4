package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A warehouse is a vendor that says in a header what went wrong.
type warehouse struct{ policy policy.Policy }

func (w warehouse) Profile() policy.Profile {
	return policy.Profile{Name: "warehouse", Policy: w.policy}
}

func (warehouse) Decode(a policy.Answer) *policy.Failure {
	code, text, found := strings.Cut(a.Header.Get("X-Problem"), ": ")
	if !found {
		return nil // then the status decides
	}
	wait, _ := policy.ParseWait(a.Header.Get("X-Wait-Ms"), policy.Milliseconds, a.Now())
	return &policy.Failure{Items: []apierrors.Field{{Code: code, Message: text}}, Wait: wait}
}

// A vendor in Go. Most vendors need only a file: see package vendors.
func ExampleVendor() {
	rules, err := policy.New(policy.Settings{Name: "warehouse", Rules: []policy.Rule{
		{When: policy.Match{Codes: []string{"STOCKTAKING"}}, Class: apierrors.ServerError, Applied: new(apierrors.AppliedNo)},
		{When: policy.Match{Codes: []string{"NO_SHELF"}}, Class: apierrors.Validation},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	srv, err := retrywisetest.Start(retrywisetest.Script(
		retrywisetest.Status(http.StatusBadRequest, "X-Problem", "STOCKTAKING: come back", "X-Wait-Ms", "20"),
		retrywisetest.Status(http.StatusBadRequest, "X-Problem", "NO_SHELF: which one?"),
	))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()
	c, err := client.New(client.Config{Vendor: warehouse{rules}, BaseURL: srv.URL()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()

	_, err = client.Do[struct{}](context.Background(), c, client.Call{
		Method: http.MethodPost, Path: "/parts", Body: map[string]int{"bolt": 7}, Options: client.CallOptions{Op: "parts.add"},
	})
	fmt.Println(errors.Is(err, apierrors.Validation), err)
	// Output: true warehouse parts.add: validation (400 NO_SHELF); 2 attempts
}
