package main

import "time"

// nginxLimit is nginx's limit_req without a burst: a leaky bucket that counts milliseconds
// and thousandths of a request. (ngx_http_limit_req_module, function
// ngx_http_limit_req_lookup.)
type nginxLimit struct {
	perSecond int

	began  bool
	last   int64 // the last accepted request, in milliseconds
	excess int64 // in thousandths of a request, at that time
}

func (l *nginxLimit) admit(now time.Time, _ string) bool {
	ms := now.UnixMilli()
	excess := int64(0) // the first request of a key exceeds nothing
	if l.began {
		excess = max(l.excess-int64(l.perSecond)*(ms-l.last)+1000, 0)
	}
	if excess > 0 {
		return false
	}
	l.began, l.last, l.excess = true, ms, excess
	return true
}

func (l *nginxLimit) allowed(d time.Duration) float64 {
	return 1 + float64(l.perSecond)*d.Seconds()
}
