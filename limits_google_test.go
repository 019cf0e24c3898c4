package retrywise_test

import (
	"io"
	"net/http"
	"time"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/vendors"
)

// sheets is a fake of Google Sheets for one user. It says nothing about its limits but in a refusal.
func sheets() *meteredAPI {
	return &meteredAPI{
		meters: []*meter{{name: "requests per minute per user", count: 60, per: time.Minute}},
		refuse: func(w http.ResponseWriter, m *meter) {
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = io.WriteString(w, `{"error":{"code":429,"message":"Quota exceeded for `+m.name+`.","status":"RESOURCE_EXHAUSTED"}}`)
		},
	}
}

// sheetsReads reads cells, 60 times in any minute.
func sheetsReads() limitedJob {
	return sheets().job(vendors.Google, 600, 9*time.Minute, client.Call{Path: "/v4/spreadsheets/1a2b3c/values/A1:B2", Options: patient})
}

// sheetsWrites appends rows, 60 times in any minute.
func sheetsWrites() limitedJob {
	return sheets().job(vendors.Google, 600, 9*time.Minute, client.Call{Method: http.MethodPost, Path: "/v4/spreadsheets/1a2b3c/values/A1:append", Options: patient})
}
