package retrywise_test

import (
	"io"
	"net/http"
	"time"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/vendors"
)

// graph is a fake of Microsoft Graph for one app in one tenant. Identity protection does not say how
// long to wait.
func graph() *meteredAPI {
	return &meteredAPI{
		meters: []*meter{
			{name: "auditLogs", count: 5, per: 10 * time.Second, path: "/auditLogs/"},
			{name: "identityProtection", count: 1, per: time.Second, path: "/identityProtection/"},
		},
		refuse: func(w http.ResponseWriter, m *meter) {
			if m.name == "auditLogs" {
				w.Header().Set("Retry-After", "10")
			}
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = io.WriteString(w, `{"error":{"code":"TooManyRequests","message":"Too many requests","innerError":{"code":"429"}}}`)
		},
	}
}

// graphAuditLogs reads sign-ins, five times in any ten seconds.
func graphAuditLogs() limitedJob {
	return graph().job(vendors.MicrosoftGraph, 100, 19*(10*time.Second+trip), client.Call{Path: "/v1.0/auditLogs/signIns", Options: patient})
}

// graphRiskyUsers reads users at risk, once in any second.
func graphRiskyUsers() limitedJob {
	return graph().job(vendors.MicrosoftGraph, 60, 59*(time.Second+trip), client.Call{Path: "/v1.0/identityProtection/riskyUsers", Options: patient})
}
