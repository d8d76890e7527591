//! Where things are inside the images; their recipes (`delivery/images/`, and the base it begins from) must agree.

/// Python of Odoo's virtual environment; its directory comes first in `PATH`, because Odoo starts itself again by name.
pub(super) const PYTHON: &str = "/opt/odoo/venv/bin/python";
/// Odoo, and what the organisation's addons need, as a Python path.
pub(super) const PYTHON_PATH: &str = "/opt/odoo/dist:/opt/extra";
/// Our launcher.
pub(super) const LAUNCHER: &str = "/opt/plimsoll/addons/launcher/odoo_plimsoll.py";
/// Addons of Odoo, ours, and the organisation's own, in the order in which they are searched.
pub(super) const ADDONS: [&str; 3] = [
    "/opt/odoo/dist/odoo/addons",
    "/opt/plimsoll/addons",
    "/opt/addons",
];
/// The gateway, in the platform's image.
pub(super) const GATEWAY: &str = "/usr/local/bin/plimsoll-gateway";
/// The user that both images are made for.
pub(super) const USER: u32 = 10_001;
/// What the operating system trusts, for servers with public certificates.
pub(super) const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";
