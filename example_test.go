package retrywise_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/vendors"
)

// A call to RD Station: it meets a limit, then a refused record.
func Example() {
	rd, err := vendors.Lookup(vendors.RDStation)
	if err != nil {
		fmt.Println(err)
		return
	}
	srv, err := retrywisetest.Start(retrywisetest.Script(
		retrywisetest.JSON(http.StatusTooManyRequests, `{"error":"limit reached","remaining_time":1}`),
		retrywisetest.JSON(http.StatusBadRequest, `{"errors":{"tags":[{"error_type":"VALUES_MUST_BE_LOWERCASE","error_message":"must not contain capital letters"}]}}`),
	))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()
	quick := rd.Policy().WithRetry(policy.Retry{Backoff: policy.Backoff{Base: 1, Cap: 1}})
	c, err := client.New(client.Config{
		Vendor: rd, BaseURL: srv.URL(), Policy: &quick, Auth: client.Bearer("token"),
		Observer: client.Observer{AttemptEnd: func(_ context.Context, e client.AttemptEvent) {
			fmt.Printf("attempt %d: %d %v → %v\n", e.Number, e.Status, e.Class, e.Action)
		}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()

	_, err = client.Do[struct{}](context.Background(), c, client.Call{
		Method: http.MethodPatch, Path: "/platform/contacts/email:ana@example.com", Body: map[string]any{"tags": []string{"VIP"}},
		Options: client.CallOptions{Op: "contacts.upsert", RecordKey: "ana@example.com"},
	})
	switch apierrors.ClassOf(err) {
	case apierrors.None:
		fmt.Println("delivered")
	default:
		fmt.Println(err)
	}
	// Output:
	// attempt 1: 429 rate_limited → throttle
	// attempt 2: 400 validation → surface
	// rdstation contacts.upsert: validation (400 VALUES_MUST_BE_LOWERCASE): must not contain capital letters; fields tags; 2 attempts
}
