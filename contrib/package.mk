# package.mk - the tarball, Debian's packages and the RPM.
#
# The Makefile includes this.  All is made below $(B): what a package is built
# from is the tarball, unpacked there, never the directory that somebody works in.

TARBALL := $(B)/mailsend-$(VERSION).tar.gz
# All that belongs to a release; a tarball has no git to ask.
RELEASE := .ci .clang-format .clang-tidy .gitignore LICENSE Makefile README.md \
	   cmd contrib man src tests

# Debian's names for what each of them needs.
DEB_PACKAGES := build-essential debhelper dpkg-dev
RPM_PACKAGES := rpm

.PHONY: dist deb rpm deps-deb deps-rpm

# The time of the last commit; in an unpacked tarball all files have it.
define release_time
epoch=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct -- . 2>/dev/null)}; \
epoch=$${epoch:-$$(stat -c %Y Makefile)}
endef

# The names alone decide: neither the order of a disk nor owner, umask or time.
define pack
set -e; \
$(release_time); \
if git ls-files --error-unmatch Makefile >/dev/null 2>&1; then \
	git ls-files -z -- $(RELEASE); \
else \
	find $(wildcard $(RELEASE)) ! -type d ! -path '*/__pycache__/*' -print0; \
fi | LC_ALL=C sort -z >$(TARBALL).names; \
tar --format=ustar --owner=0 --group=0 --numeric-owner --mtime=@$$epoch \
	--mode=u=rwX,go=rX --transform='flags=r;s,^,mailsend-$(VERSION)/,' \
	--null --verbatim-files-from --no-recursion -T $(TARBALL).names \
	-cf $(TARBALL).tar; \
gzip -9n <$(TARBALL).tar >$(TARBALL).new; \
mv $(TARBALL).new $(TARBALL); \
rm $(TARBALL).names $(TARBALL).tar
endef

dist: ## make a tarball of the sources, the same wherever it is made
	$(Q)mkdir -p $(B)
	$(Q)$(pack)
	@echo $(TARBALL)

deps-deb: ## install what `make deb` needs
	@tests/install-packages $(BUILD_PACKAGES) $(DEB_PACKAGES) libcmocka-dev \
		python3

# $(B)/deb/mailsend-VERSION: the tarball, with debian/ where Debian wants it.
define stage_deb
set -e; \
version=$$(dpkg-parsechangelog -l contrib/debian/changelog -S Version); \
if [ "$$version" != $(VERSION) ]; then \
	echo "contrib/debian/changelog ends at $$version, and this is $(VERSION): add an entry"; \
	exit 1; \
fi; \
rm -rf $(B)/deb; \
mkdir -p $(B)/deb; \
tar -xf $(TARBALL) -C $(B)/deb; \
cp -R $(B)/deb/mailsend-$(VERSION)/contrib/debian $(B)/deb/mailsend-$(VERSION)/
endef

# The environment that make gives to the commands of a recipe would go on to the
# package's own make: its variables are debian/rules' affair.
deb: deps-deb dist ## build Debian packages into $(B)/deb
	$(Q)$(stage_deb)
	$(Q)cd $(B)/deb/mailsend-$(VERSION) && \
		env -u MAKEFLAGS -u MAKEOVERRIDES -u MFLAGS -u MAKELEVEL -u B -u DESTDIR \
		dpkg-buildpackage --build=binary --no-sign -j$(shell nproc)
	@ls $(B)/deb/*.deb

deps-rpm: ## install what `make rpm` needs, on Debian
	@tests/install-packages $(BUILD_PACKAGES) $(RPM_PACKAGES)

# Where rpm is not what the machine is made of, it knows of no package.
define build_rpm
set -e; \
version=$$(sed -n 's/^Version: *//p' contrib/mailsend.spec); \
if [ "$$version" != $(VERSION) ]; then \
	echo "contrib/mailsend.spec has version $$version, and this is $(VERSION)"; \
	exit 1; \
fi; \
rm -rf $(B)/rpm; \
mkdir -p $(B)/rpm; \
rpm -q rpm >/dev/null 2>&1 || without=--nodeps; \
env -u MAKEFLAGS -u MAKEOVERRIDES -u MFLAGS -u MAKELEVEL -u B -u DESTDIR \
	rpmbuild -bb $$without --define '_topdir $(abspath $(B))/rpm' \
	--define '_sourcedir $(abspath $(B))' --define '_buildhost localhost' \
	--define 'use_source_date_epoch_from_changelog 1' \
	--define 'clamp_mtime_to_source_date_epoch 1' contrib/mailsend.spec; \
mv $(B)/rpm/RPMS/*/*.rpm $(B)/rpm/; \
ls $(B)/rpm/*.rpm
endef

rpm: deps-rpm dist ## build RPMs into $(B)/rpm
	$(Q)$(build_rpm)
