package client_test

import (
	"context"
	"fmt"
	"time"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// The connection of a create is cut. The look-up finds that the vendor has the order, so the call
// succeeds without the response of the create.
func ExampleCallOptions_lookup() {
	srv, err := retrywisetest.Start(retrywisetest.Script(retrywisetest.Reset(), retrywisetest.JSON(200, `{"id":"A-1","state":"new"}`)))
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

	r, err := client.DoResponse[struct{}](context.Background(), c, client.Call{
		Method: "POST", Path: "/orders", Body: map[string]string{"id": "A-1"},
		Options: client.CallOptions{Lookup: &policy.Lookup{
			Path: "/orders/{body.id}", At: "/id", Is: "{body.id}", // this order
			Consistent: true, Settle: 10 * time.Millisecond, // then "not found" is a no, and it is sent again
		}},
	})
	fmt.Println("accepted:", r.Accepted, err)
	// Output: accepted: true <nil>
}
