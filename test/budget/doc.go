// Package budget holds the tests of what a whole server may allocate for what it
// does most: garbage is what the collector takes time for, and it comes back
// unnoticed.
package budget
