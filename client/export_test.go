package client

// SetRandom fixes what spreads the waits.
func (c *Client) SetRandom(random float64) { c.random = func() float64 { return random } }

// Hopeless is the table of texts that no repeat can cure.
var Hopeless = hopeless

// Remembered is how many answers Check knows.
func (c *Client) Remembered() int {
	n := 0
	c.outcomes.byAnswer.Range(func(any, any) bool { n++; return true })
	return n
}
