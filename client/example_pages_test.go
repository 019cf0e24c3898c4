package client_test

import (
	"context"
	"fmt"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A job stores the token of each page with what it made of the page, and begins there when it is
// started again. RD Station's data say how its lists are read; the second page is cut off once.
func ExamplePages() {
	page2 := retrywisetest.JSON(200, `{"contacts":[{"email":"cai@example.com"}]}`)
	c, closeAll := newRDStation(
		retrywisetest.JSON(200, `{"contacts":[{"email":"ana@example.com"},{"email":"bo@example.com"}]}`),
		retrywisetest.Cut(page2), page2,
		retrywisetest.JSON(200, `{"contacts":[]}`),
	)
	defer closeAll()

	stored := "" // from an earlier run
	call := client.Call{Path: "/platform/segmentations/7/contacts"}
	for page, err := range client.Pages[Contact](context.Background(), c, call, client.PageOptions{From: stored}) {
		if err != nil {
			fmt.Println("run again from", stored, err)
			return
		}
		fmt.Println(len(page.Items), "contacts; next:", page.Next, "last:", page.Last)
		stored = page.Next // with the contacts, in one transaction
	}
	// Output:
	// 2 contacts; next: 2 last: false
	// 1 contacts; next: 3 last: false
	// 0 contacts; next:  last: true
}

// The list of an API that has no vendor file is described in the call.
func ExamplePages_withoutAVendorFile() {
	srv, err := retrywisetest.Start(retrywisetest.Script(
		retrywisetest.JSON(200, `[{"email":"ana@example.com"}]`, "Link", `</contacts?cursor=b>; rel="next"`),
		retrywisetest.JSON(200, `[{"email":"bo@example.com"}]`),
	))
	if err != nil {
		panic(err)
	}
	defer srv.Close()
	c, err := client.New(client.Config{BaseURL: srv.URL()})
	if err != nil {
		panic(err)
	}
	defer c.Close()

	byLink := policy.Paging{Style: policy.PageByLink, Items: ""} // the body is the list
	for page, err := range client.Pages[Contact](context.Background(), c, client.Call{Path: "/contacts"}, client.PageOptions{Paging: &byLink}) {
		if err != nil {
			panic(err)
		}
		fmt.Println(page.Items[0].Email)
	}
	// Output:
	// ana@example.com
	// bo@example.com
}
