// Package failpoint lets the fault campaign (test/faults) kill the server at a
// chosen point of its work and step the clock that ids and stamps are taken
// from.
//
// It does something only in a binary that was built with the tag "faults" and
// started with the name of a control file in PARLEY_FAULTS: the campaign maps
// the same file and arms points in it at any time. In every other binary Reach
// is empty, Now is time.Now, and both are inlined.
package failpoint

// Variable names the environment variable with the path of the control file.
const Variable = "PARLEY_FAULTS"

// Point is a place in the server's work.
type Point int64

// The points.
const (
	None         Point = iota
	BeforeCommit       // all writes of a batch are made, the transaction is open
	AfterCommit        // the transaction is committed, nobody has been told
	BeforeAck          // an acknowledgement is due (XEP-0198 §4) and not written
	AfterAck           // it is written to the connection
	numPoints
)

var names = [numPoints]string{"none", "before commit", "after commit", "before ack", "after ack"}

// String implements fmt.Stringer.
func (p Point) String() string { return names[p] }

// Points are all that can be armed.
func Points() []Point { return []Point{BeforeCommit, AfterCommit, BeforeAck, AfterAck} }
