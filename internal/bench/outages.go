package main

import "time"

// working is long enough that the vendor, and not the processor, bounds what is reached.
const working = 40 * time.Millisecond

var outages = []outage{
	outageOf("outage", "503", unavailable),
	outageOf("outage-refused", "connections are refused", refused),
	blackholed(),
	{
		name: "outage-endpoint", about: "GETs of five paths, 64 workers: 60 s of 70 s one path is a 503", workers: 64,
		work: working, down: span{4 * time.Second, 64 * time.Second}, total: 70 * time.Second,
		paths: []string{"/contacts", "/companies", "/deals", "/products", "/tasks"},
	},
	{
		name: "recovery", about: "GETs, 64 workers: 6 s of 503, then 20% to all of the former rate in 10 s", workers: 64,
		work: working, down: span{5 * time.Second, 11 * time.Second}, total: 24 * time.Second,
		comesBack: 10 * time.Second,
	},
}

// outageOf returns an outage of 6 s.
func outageOf(name, about string, kind failure) outage {
	return outage{
		name: name, about: "GETs, 64 workers, 6 s of 16 s: " + about, workers: 64, work: working,
		down: span{5 * time.Second, 11 * time.Second}, total: 16 * time.Second, kind: kind,
	}
}

func blackholed() outage {
	o := outageOf("outage-blackholed", "requests are accepted and not answered; an attempt may take 500 ms", silent)
	o.timeout = 500 * time.Millisecond
	return o
}
