//! What users refuses.

kit_http::refusals! {
    /// What users refuses, beside what every service does.
    pub enum UsersRefusal("User") {
        /// A profile is made by its owner or an admin.
        NotYoursToCreate = FORBIDDEN, "forbidden", "You can only create your own profile";
        /// A profile is changed by its owner or an admin.
        NotYoursToModify = FORBIDDEN, "forbidden", "You can only modify your own profile";
        /// There is one already.
        ProfileExists = CONFLICT, "profile_already_exists", "Profile already exists";
    }
}
