// Quickstart makes two calls to a stand-in for RD Station, which is down at first.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/vendors"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

type contact struct {
	Email string   `json:"email,omitempty"`
	Tags  []string `json:"tags"`
}

func run(ctx context.Context) error {
	// Leave the stand-in and BaseURL out, and the calls go to the vendor.
	standIn, err := retrywisetest.Start(retrywisetest.Script(
		retrywisetest.HTML(http.StatusBadGateway),
		retrywisetest.JSON(http.StatusOK, `{"email":"ana@example.com","tags":["vip"]}`),
		retrywisetest.JSON(http.StatusBadRequest, `{"errors":{"tags":[{"error_type":"VALUES_MUST_BE_LOWERCASE"}]}}`),
	))
	if err != nil {
		return err
	}
	defer standIn.Close()

	vendor, err := vendors.Lookup(vendors.RDStation)
	if err != nil {
		return err
	}
	c, err := client.New(client.Config{Vendor: vendor, BaseURL: standIn.URL(), Auth: client.Bearer("token")})
	if err != nil {
		return err
	}
	defer c.Close()

	for _, tag := range []string{"vip", "VIP"} {
		got, err := client.Do[contact](ctx, c, client.Call{
			Method:  http.MethodPatch,
			Path:    "/platform/contacts/email:ana@example.com",
			Body:    contact{Tags: []string{tag}},
			Options: client.CallOptions{Op: "contacts.upsert"},
		})
		switch e, _ := errors.AsType[*apierrors.Error](err); {
		case err == nil:
			fmt.Println("delivered:", got.Email, got.Tags)
		case e != nil && e.Action == apierrors.Surface:
			fmt.Println("refused:", e.Code, "in", e.Fields[0].Path)
		default:
			return err
		}
	}
	return nil
}
