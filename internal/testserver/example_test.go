package testserver_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/retrywise/retrywise/internal/testserver"
)

func ExampleStart() {
	srv, err := testserver.Start(testserver.Script(
		testserver.HTML(503, "Retry-After", "0"),
		testserver.JSON(200, `{"id":"42"}`),
	))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()
	client := &http.Client{Transport: srv.Transport()}
	for range 3 {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, srv.URL()+"/contacts/42", nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		resp, err := client.Do(req)
		if err != nil {
			fmt.Println(err)
			return
		}
		resp.Body.Close()
		fmt.Println(resp.Status)
	}
	// Output:
	// 503 Service Unavailable
	// 200 OK
	// 500 Internal Server Error
}
