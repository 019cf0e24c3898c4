package retrywise_test

import (
	"net/http"
	"time"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/vendors"
)

// mailchimpConnections writes members, ten at a time. No response says anything about the limit.
func mailchimpConnections() limitedJob {
	const took = 5 * time.Second
	a := &meteredAPI{
		slots: 10, takes: took,
		refuse: func(w http.ResponseWriter, _ *meter) { w.WriteHeader(http.StatusTooManyRequests) },
	}
	return a.job(vendors.Mailchimp, 120, 120/10*(took+trip), client.Call{
		Method: http.MethodPut, Path: "/3.0/lists/57afe96172/members/852aaa9532cb36adfb5e9fef7a4206a9", Options: patient,
	})
}
