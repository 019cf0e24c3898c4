package client

import (
	"context"
	"time"

	"github.com/retrywise/retrywise/traffic"
)

// Status returns what holds back calls now, for each account: outages, closed gates, and what is
// left of the retry budget. It has no credential and no record; the identity of an account is
// hashed.
func (c *Client) Status() []traffic.Status {
	var own []traffic.Status
	for _, s := range c.traffic.Status(context.Background(), time.Now(), c.retry.BudgetPrices()) {
		if c.profile.Name == "" || s.Account.Vendor == c.profile.Name {
			own = append(own, s)
		}
	}
	return own
}
