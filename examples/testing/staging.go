package orders

import (
	"log/slog"
	"net/http"

	"github.com/retrywise/retrywise/retrywisetest"
)

// Staging returns a transport for a run on staging, where one of twenty orders meets a fault, and
// the rest go by base, such as client.NewTransport(). The same seed gives the same faults, in the
// order in which requests begin.
func Staging(base http.RoundTripper, seed uint64, log *slog.Logger) http.RoundTripper {
	faults := retrywisetest.Faults{
		Plan: retrywisetest.Seeded(seed, 0.05),
		Only: func(r *http.Request) bool { return r.URL.Path == "/orders" },
		Struck: func(r *http.Request, f retrywisetest.Fault) {
			log.WarnContext(r.Context(), "fault", "kind", f.String(), "executed", f.IsAfterExecution())
		},
	}
	return faults.Transport(base)
}
