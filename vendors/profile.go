package vendors

import "github.com/retrywise/retrywise/policy"

// Profile returns what a client needs to know about the API, besides Decode.
func (v *Vendor) Profile() policy.Profile {
	return policy.Profile{Name: v.name, BaseURL: v.baseURL, Policy: v.policy, ErrorsIn2xx: v.errorsIn2xx, IdempotencyHeader: v.idempotencyHeader}
}
