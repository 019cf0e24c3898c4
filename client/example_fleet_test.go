package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/traffic"
)

// A job that cron starts every few minutes meets a pause of six hours. The next run leaves the vendor
// alone, as the folder outlives the first.
func ExampleConfig_traffic() {
	srv, err := retrywisetest.Start(retrywisetest.Status(http.StatusTooManyRequests, "Retry-After", "21600"))
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	parent, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(parent) }()

	run := func() error {
		folder, err := traffic.OpenFolder(filepath.Join(parent, "traffic"))
		if err != nil {
			return err
		}
		fleet := traffic.NewFleet(folder, traffic.FleetOptions{})
		c, err := client.New(client.Config{BaseURL: srv.URL(), Traffic: fleet})
		if err != nil {
			return err
		}
		_, err = client.Do[map[string]any](context.Background(), c, client.Call{Path: "/items"})
		return errors.Join(err, c.Close(), fleet.Close())
	}
	for range 3 {
		at, isLater := apierrors.RetryAt(run())
		fmt.Println("run again in", time.Until(at).Round(time.Minute), isLater)
	}
	fmt.Println("requests:", len(srv.Requests()))
	// Output:
	// run again in 6h0m0s true
	// run again in 6h0m0s true
	// run again in 6h0m0s true
	// requests: 1
}
