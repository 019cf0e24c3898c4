package retrywisetest

// A Fault is one way in which a request goes wrong. The zero Fault is NoFault.
//
// The set is open: a test may define a Fault with a name of its choice, and say
// in Faults.Answers what the server answers.
type Fault string

// Faults that strike before the handler runs: the request is not executed.
const (
	Unavailable    Fault = "unavailable"     // 503 with an HTML page
	BadGateway     Fault = "bad_gateway"     // 502 with an HTML page
	GatewayTimeout Fault = "gateway_timeout" // 504 with an HTML page
	ServerError    Fault = "server_error"    // 500 with a JSON body
	RateLimited    Fault = "rate_limited"    // 429 with "Retry-After: 1"
	ResetBefore    Fault = "reset_before"    // the connection is closed without an answer
)

// Faults that strike after the handler has run: the request is executed, but the
// client does not learn it, or learns it late.
const (
	GatewayTimeoutAfter Fault = "gateway_timeout_after" // 504 with an HTML page
	ResetAfter          Fault = "reset_after"           // the connection is closed without an answer
	CutBody             Fault = "cut_body"              // half of the body arrives; see Cut
	Slow                Fault = "slow"                  // the answer arrives after Faults.Delay
)

// NoFault lets a request pass.
const NoFault Fault = ""

// IsAfterExecution reports whether f strikes after the request was executed: then the client does
// not learn it, or learns it late. A fault that a test defines strikes before.
func (f Fault) IsAfterExecution() bool {
	switch f {
	case GatewayTimeoutAfter, ResetAfter, CutBody, Slow:
		return true
	default:
		return false
	}
}

// String returns the name of f, such as "reset_after", and "none" for NoFault.
func (f Fault) String() string {
	if f == NoFault {
		return "none"
	}
	return string(f)
}
