package corpus

// fill puts in what such an encounter leaves behind.
func (f *folder) fill() {
	switch f.e.kind {
	case "laboratory":
		f.labs(3, 9)
		f.pdf("summary", 20)
	case "visit":
		f.visit()
	case "inpatient":
		f.inpatient()
	case "emergency":
		f.addCDA(f.sheet("emergency"))
		f.labs(2, 5)
		f.pdf("certificate", 60)
		f.scan(15)
	case "day":
		f.addCDA(f.sheet("discharge"))
		f.labs(2, 4)
		f.pdf("consent", 100)
		f.scan(50)
	case "imaging":
		f.addCDA(f.sheet("imaging"))
		f.pdf("imaging", 25)
		f.study()
	case "scan":
		for range between(f.e.r, 2, 8) {
			f.scan(100)
		}
	}
}

func (f *folder) visit() {
	f.addCDA(f.sheet("visit"))
	if chance(f.e.r, 40) {
		f.addFHIR(f.sheet("summary"))
	}
	f.pdf("referral", 45)
	f.labs(0, 2)
	f.scan(12)
}

// inpatient: the discharge report now and then comes in two versions, in this bundle or a later one.
func (f *folder) inpatient() {
	r := f.e.r
	discharge := f.sheet("discharge")
	discharge.at = f.e.end
	f.addCDA(discharge)
	switch n := r.IntN(100); {
	case n < 10:
		f.addCDA(discharge.corrected())
	case n < 20:
		f.toCorrect = &discharge
	}
	for range between(r, 1, 3) {
		f.addCDA(f.sheet("consult"))
	}
	f.addFHIR(f.sheet("summary"))
	f.labs(5, 13)
	f.pdf("consent", 100)
	f.pdf("certificate", 60)
	f.scan(100)
	f.scan(40)
}

func (f *folder) labs(low, high int) {
	for range between(f.e.r, low, high) {
		s := f.sheet("lab")
		if chance(f.e.r, 50) {
			f.addLab(s)
		} else {
			f.addLabFHIR(s)
		}
	}
}

// pdf adds one in the given percentage of cases; some are a scan inside a PDF.
func (f *folder) pdf(kind string, percent int) {
	if !chance(f.e.r, percent) {
		return
	}
	s := f.sheet(kind)
	f.add(s, "pdf", "application/pdf", f.writePDF(s, chance(f.e.r, 20)))
}

// scan adds a page in the given percentage of cases, mostly as JPEG.
func (f *folder) scan(percent int) {
	if !chance(f.e.r, percent) {
		return
	}
	s := f.sheet("scan")
	if chance(f.e.r, 15) {
		f.add(s, "png", "image/png", f.pages.png(s))
		return
	}
	f.add(s, "jpg", "image/jpeg", f.pages.jpeg(s))
}
