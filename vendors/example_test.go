package vendors_test

import (
	"fmt"
	"net/http"

	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

// Decode finds the failure in a response, and Decide what to do about it.
func Example() {
	rd, err := vendors.Lookup(vendors.RDStation)
	if err != nil {
		fmt.Println(err)
		return
	}
	failure := rd.Decode(policy.Answer{
		Status: http.StatusTooManyRequests,
		Body:   []byte(`{"error":"'lead_limiter' rate limit exceeded for 86400 second(s) period for key …","max":24,"usage":55,"remaining_time":20745}`),
	})
	decision := rd.Policy().Decide(*failure, policy.State{Method: http.MethodPatch})
	fmt.Println(decision.Class, "→", decision.Action, "for", decision.RetryIn, "by", decision.Rule)
	// Output:
	// rate_limited → defer for 5h45m45s by rdstation status 429
}

// An API outside the catalog needs a file, and no Go.
func ExampleParse() {
	shop, err := vendors.Parse([]byte(`
vendor: shop
title: Our shop
documents: [{url: "https://wiki.example.com/shop-errors", read: 2026-11-22}]
decode:
  - {in: /error, code: id, message: text}
codes:
  - {code: DB_DOWN, class: server_error, applied: no, summary: The database is away}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	failure := shop.Decode(policy.Answer{Status: http.StatusBadRequest, Body: []byte(`{"error":{"id":"DB_DOWN","text":"…"}}`)})
	decision := shop.Policy().Decide(*failure, policy.State{Method: http.MethodPost, Random: 0.5})
	fmt.Println(decision.Class, "→", decision.Action, "after", decision.Delay)
	// Output:
	// server_error → retry after 250ms
}
