pub mod object_id; pub mod pack;
